import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SluiceClient } from '../../src/client/client.ts';
import { runLoad, type LoadReport, type LoadResponse } from '../../src/hooks/load.ts';
import { keeperPaths } from '../../src/platform/local/keeper/paths.ts';
import { keeperMark } from '../../src/platform/local/process/environment.ts';
import { freePort } from '../../src/platform/local/process/free-port.ts';
import { processesWithEnvironment } from '../../src/platform/local/process/identity.ts';
import type { RolloutView, ServiceView } from '../../src/resource/view.ts';

const root = resolve(import.meta.dirname, '../..');
const entry = join(root, 'src/main/sluice.ts');
const commandLimitMs = 60_000;

export interface Run {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs until it is told to end. */
export interface Background {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<Run>;
}

export interface RunningLoad {
  /** Answers so far, by the version that wrote them. */
  readonly byVersion: ReadonlyMap<string, number>;
  readonly failed: () => readonly LoadResponse[];
  stop(): Promise<LoadReport>;
}

/** One user's machine: a folder with a state directory, the commands run on it, and all that must be ended after a test. */
export class Rig implements AsyncDisposable {
  readonly folder: string;
  readonly state: string;
  readonly port: number;
  readonly #children = new Set<ChildProcess>();
  readonly #loads = new Set<RunningLoad>();

  private constructor(port: number) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-e2e-')));
    this.state = join(this.folder, 'state');
    this.port = port;
  }

  static async create(): Promise<Rig> {
    return new Rig(await freePort());
  }

  /** For looking: a command for each look would be most of the work of a test. Of the engine that runs now. */
  get client(): SluiceClient {
    return SluiceClient.of(this.state, { actor: 'person:tester' });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get enginePid(): number {
    return pidIn(join(this.state, 'engine.json'));
  }

  get keeperPid(): number {
    return pidIn(keeperPaths(this.state).lockFile);
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Runs a command on this state directory to its end. */
  async sluice(...args: readonly string[]): Promise<Run> {
    return await this.start(args).ended;
  }

  /** Like `sluice`; throws if the exit code is not 0. Returns stdout. */
  async ok(...args: readonly string[]): Promise<string> {
    const run = await this.sluice(...args);
    if (run.exit !== 0)
      throw new Error(`sluice ${args.join(' ')} ended with ${run.exit}:\n${run.stdout}${run.stderr}`);
    return run.stdout.trimEnd();
  }

  start(
    args: readonly string[],
    options: {
      readonly limitMs?: number;
      readonly env?: Readonly<Record<string, string>>;
      /** Root without root's rights; other users have none anyway. Its files stay its own, wherever the checkout is. */
      readonly unprivileged?: boolean;
    } = {},
  ): Background {
    const command = [process.execPath, entry, ...args];
    if (options.unprivileged === true && process.getuid?.() === 0)
      command.unshift('setpriv', '--inh-caps=-all', '--bounding-set=-all');
    const [file = '', ...rest] = command;
    const child = spawn(file, rest, {
      cwd: this.folder,
      env: { ...userEnvironment(this.state), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (part: Buffer) => (stdout += part.toString('utf8')));
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString('utf8')));
    const limitMs = options.limitMs ?? commandLimitMs;
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
    const ended = new Promise<Run>((settle, fail) => {
      child.once('error', fail);
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        this.#children.delete(child);
        settle({
          exit: code ?? -1,
          stdout,
          stderr: signal === null ? stderr : `${stderr}ended by ${signal}\n`,
        });
      });
    });
    return { child, stdout: () => stdout, stderr: () => stderr, ended };
  }

  async up(...files: readonly string[]): Promise<void> {
    await this.ok('up', '--detach', ...(files.length === 0 ? [] : ['-f', ...files]));
  }

  async service(key: string): Promise<ServiceView> {
    return (await this.client.service(key)).service;
  }

  /** Polls the service until it is so. */
  async serviceUntil(
    key: string,
    what: string,
    isSo: (service: ServiceView) => boolean,
    limitMs = 30_000,
  ): Promise<ServiceView> {
    let last: ServiceView | null = null;
    await until(
      `${key}: ${what}`,
      async () => isSo((last = await this.service(key))),
      limitMs,
      () => JSON.stringify(last?.rollout ?? last),
    );
    return last ?? (await this.service(key));
  }

  /** The newest rollout of a service once it ended. */
  async ended(key: string, revision: string, limitMs = 60_000): Promise<RolloutView> {
    const { rollout } = await this.serviceUntil(
      key,
      `the end of ${revision}`,
      (service) => service.rollout?.revision.revision === revision && service.rollout.outcome !== null,
      limitMs,
    );
    if (rollout === null) throw new Error('no rollout');
    return rollout;
  }

  /** Requests at a steady rate, by clients with keep-alive that never retry, until `stop` or the end of the rig. */
  load(perSecond = 100, path = '/'): RunningLoad {
    const end = new AbortController();
    const byVersion = new Map<string, number>();
    const failed: LoadResponse[] = [];
    const clients = 5;
    const report = runLoad(
      {
        url: `${this.url}${path}`,
        method: 'GET',
        headers: {},
        body: null,
        requests: null,
        durationMs: null,
        concurrency: clients,
        ratePerWorker: perSecond / clients,
        timeoutMs: 20_000,
        keepAlive: true,
      },
      {
        signal: end.signal,
        onResponse: (response) => {
          const version = String(response.headers['x-version'] ?? '');
          byVersion.set(version, (byVersion.get(version) ?? 0) + 1);
          if (response.status === null) failed.push(response);
        },
      },
    );
    const load: RunningLoad = {
      byVersion,
      failed: () => failed,
      stop: async () => {
        this.#loads.delete(load);
        end.abort();
        return await report;
      },
    };
    this.#loads.add(load);
    return load;
  }

  /** Body of an answer of the service. */
  async get(path = '/'): Promise<string> {
    const answer = await fetch(`${this.url}${path}`, { headers: { connection: 'close' } });
    return (await answer.text()).trimEnd();
  }

  /** Pids of keeper, workers and applications of this state directory. */
  processes(): readonly number[] {
    return [
      ...processesWithEnvironment(keeperMark, keeperPaths(this.state).keeperId),
      ...[this.keeperPid, this.enginePid].filter((pid) => this.#owns(pid)),
    ];
  }

  /** `down`, whatever the test left; throws if that leaves a process running, having killed it. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const load of this.#loads) await load.stop();
    let told = '';
    if (this.processes().length > 0) told = (await this.sluice('down')).stderr;
    for (const child of this.#children) child.kill('SIGKILL');
    const left = this.processes().map((pid) => `${pid} ${commandLine(pid)}`);
    for (let round = 0; round < 3 && this.processes().length > 0; round += 1) {
      for (const pid of this.processes()) kill(pid);
      await delay(50);
    }
    const { socketFolder, stateDir } = keeperPaths(this.state);
    if (socketFolder !== stateDir) rmSync(socketFolder, { recursive: true, force: true });
    if (process.env['KEEP'] === undefined) rmSync(this.folder, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`"sluice down" left running: ${left.join(', ')}; it said: ${told}`);
  }

  /** A pid in a file may be another process's by now. */
  #owns(pid: number): boolean {
    return pid > 1 && commandLine(pid).includes(this.state);
  }
}

/** Polls until it is so. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  limitMs = 30_000,
  seen: () => string = () => '',
): Promise<void> {
  const deadlineMs = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error(`never came: ${what} ${seen()}`);
    await delay(50);
  }
}

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (pid <= 1) return;
  try {
    process.kill(pid, signal);
  } catch {
    // Gone.
  }
}

export function isRunning(pid: number): boolean {
  try {
    return pid > 1 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** What a user has, and nothing of this test run: no CI, no colours, no settings of Sluice. `node` is the one that runs here. */
function userEnvironment(state: string): Readonly<Record<string, string>> {
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  return {
    PATH: path,
    HOME: process.env['HOME'] ?? '/',
    USER: 'tester',
    LANG: 'C.UTF-8',
    SLUICE_STATE: state,
  };
}

function pidIn(path: string): number {
  try {
    return Number((JSON.parse(readFileSync(path, 'utf8')) as { readonly pid?: unknown }).pid ?? 0);
  } catch {
    return 0;
  }
}
