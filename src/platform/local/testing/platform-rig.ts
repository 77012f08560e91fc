import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { PlatformObservation } from '../../../engine/ports.ts';
import type { FrontSpec, ProbeSpec, ProcessTemplate, ServiceSpec } from '../../../resource/service-spec.ts';
import type { RolloutIdentity } from '../../../rollout/decide.ts';
import type { Arm } from '../../../rollout/effect.ts';
import type { RollParameters, Routing } from '../../../rollout/plan.ts';
import { readHolder } from '../keeper/keeper-lock.ts';
import { keeperPaths } from '../keeper/paths.ts';
import { LocalPlatform } from '../local-platform.ts';
import { keeperMark } from '../process/environment.ts';
import { freePort } from '../process/free-port.ts';
import { isAlive, processesWithEnvironment, signalProcess } from '../process/identity.ts';

const keeperMain = fileURLToPath(new URL('keeper-main.ts', import.meta.url));
const app = fileURLToPath(new URL('app.mjs', import.meta.url));
export const serviceKey = 'default/shop';
const oneMore: RollParameters = {
  kind: 'rolling',
  maxSurge: 1,
  maxUnavailable: 0,
  minReadySeconds: 0,
};
export const identity: RolloutIdentity = {
  uid: 'uid-1',
  name: 'shop-r2-1',
  revision: 'r2',
  stableRevision: 'r1',
};

export const readyProbe: ProbeSpec = {
  action: { kind: 'http', path: '/ready', port: null, host: null, headers: {} },
  initialDelaySeconds: 0,
  periodSeconds: 1,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 2,
};

/** The test application, in a version and a mood. */
export function appTemplate(
  env: Readonly<Record<string, string>>,
  change: Partial<ProcessTemplate> = {},
): ProcessTemplate {
  return {
    command: [process.execPath, app],
    args: [],
    env,
    workingDir: null,
    port: null,
    readinessProbe: readyProbe,
    livenessProbe: null,
    startupProbe: null,
    preStop: null,
    terminationGracePeriodSeconds: 5,
    ...change,
  };
}

/** One state directory with a platform on it, and all that must be ended after a test, however it went. */
export class PlatformRig {
  readonly stateDir: string;
  readonly port: number;
  readonly #keeperCommand: readonly string[];
  readonly troubles: string[] = [];
  platform: LocalPlatform;

  private constructor(port: number, workers: number) {
    this.stateDir = mkdtempSync(join(tmpdir(), 'sluice-test-'));
    this.port = port;
    this.#keeperCommand = [process.execPath, keeperMain, this.stateDir, String(workers)];
    this.platform = this.#newPlatform();
  }

  /** Started, with the service made known. */
  static async start(workers = 1): Promise<PlatformRig> {
    const rig = new PlatformRig(await freePort(), workers);
    await rig.platform.start();
    await rig.platform.ensureService(serviceKey, rig.spec());
    await rig.serving(workers);
    return rig;
  }

  spec(change: Partial<FrontSpec> = {}): ServiceSpec {
    const front: FrontSpec = {
      host: '127.0.0.1',
      port: this.port,
      assignBy: null,
      stickyCookie: null,
      match: [],
      connectTimeoutMs: 1_000,
      responseTimeoutMs: 10_000,
      latencyBounds: [0.01, 0.1, 1],
      ...change,
    };
    // The plan is the engine's; the platform reads the front alone.
    return {
      namespace: 'default',
      name: 'shop',
      flavour: 'sluice',
      suspend: false,
      front,
    } as unknown as ServiceSpec;
  }

  get keeperPid(): number {
    return readHolder(keeperPaths(this.stateDir).lockFile)?.pid ?? 0;
  }

  /** As if the engine had been killed and started again. */
  async restartEngine(): Promise<void> {
    this.platform.close();
    this.platform = this.#newPlatform();
    await this.platform.start();
  }

  async setArm(
    arm: Arm,
    revision: string,
    replicas: number,
    template: ProcessTemplate,
    roll = oneMore,
  ): Promise<void> {
    await this.platform.ensureSnapshot(serviceKey, { revision, label: revision, template });
    await this.platform.act(
      serviceKey,
      { kind: 'setArm', id: 'arm', arm, revision, replicas, roll },
      identity,
    );
  }

  async setRoute(routing: Routing): Promise<void> {
    const effect = { kind: 'setRoute', id: 'route', route: { routing, tombstone: false } } as const;
    await this.platform.act(serviceKey, effect, identity);
  }

  observe(): Promise<PlatformObservation> {
    return this.platform.observe(serviceKey);
  }

  async serving(workers: number): Promise<void> {
    await until(`${workers} serving workers`, () => {
      const all = this.platform.workers();
      return all.length === workers && all.every((worker) => worker.state === 'serving');
    });
  }

  async available(arm: Arm, count: number): Promise<void> {
    await until(`${count} available ${arm}`, async () => {
      const seen = (await this.observe())[arm];
      return seen.available === count && seen.readyOfOtherRevisions === 0;
    });
  }

  /** Body of an answer through the proxy. */
  async get(path = '/', port = this.port): Promise<string> {
    return (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } })).text();
  }

  /** Pids of what the keeper started and that still lives. */
  livingProcesses(): readonly number[] {
    return processesWithEnvironment(keeperMark, keeperPaths(this.stateDir).keeperId);
  }

  async end(): Promise<void> {
    this.platform.close();
    const paths = keeperPaths(this.stateDir);
    // The keeper first, or it starts again what is ended.
    for (let round = 0; round < 3; round += 1) {
      const keeper = readHolder(paths.lockFile);
      if (keeper !== null && isAlive(keeper)) signalProcess(keeper, 'SIGKILL');
      for (const pid of this.livingProcesses()) killGroup(pid);
      await delay(10);
    }
    if (process.env['KEEP'] === undefined) rmSync(this.stateDir, { recursive: true, force: true });
    if (paths.socketFolder !== paths.stateDir) rmSync(paths.socketFolder, { recursive: true, force: true });
  }

  #newPlatform(): LocalPlatform {
    return new LocalPlatform({
      stateDir: this.stateDir,
      keeperCommand: this.#keeperCommand,
      onTrouble: (message) => this.troubles.push(message),
    });
  }
}

/** Polls until it is so. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  limitMs = 15_000,
): Promise<void> {
  const deadlineMs = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error(`never came: ${what}`);
    await delay(10);
  }
}

export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function killGroup(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      // Not a leader, or gone.
    }
  }
}
