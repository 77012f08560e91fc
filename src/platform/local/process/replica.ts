import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProcessTemplate } from '../../../resource/service-spec.ts';
import type { Arm } from '../../../rollout/effect.ts';
import type { Endpoint } from '../proxy/messages.ts';
import { type Backoff, nextBackoff, noBackoff } from './backoff.ts';
import { processEnvironment } from './environment.ts';
import { freePort } from './free-port.ts';
import { identify, isAlive, type ProcessIdentity } from './identity.ts';
import { LogFile } from './log-file.ts';
import type { LogKeeping } from './log-keeping.ts';
import type { ProbeContext } from './probe.ts';
import { ProbeSet } from './probe-set.ts';
import type { ReplicaRecord, ReplicaStatus } from './replica-record.ts';
import { spawnProcess } from './spawn-process.ts';
import { endGroup, stopProcess } from './stop-process.ts';

/** Ends in a row from which a replica is said to be in a crash loop. */
const crashLoopEnds = 3;
/** A process that an earlier keeper started is nobody's child here: whether it lives is asked this often. */
const adoptedPollMs = 250;

/** What a replica needs of the keeper around it. */
export interface ReplicaHost {
  readonly keeperId: string;
  readonly outerEnv: Readonly<Record<string, string | undefined>>;
  readonly logs: LogKeeping;
  readonly logFolder: string;
  /** Something that others see has changed; the record is to be saved. */
  changed(): void;
  /** Resolves when no worker sends to the endpoint any more and nothing is in flight in it, or at the limit. */
  drained(endpointId: string, limitMs: number): Promise<void>;
  /** Another process of this keeper that uses the port, for a message; null: none. */
  portUser(port: number, self: string): string | null;
}

type Phase = 'starting' | 'running' | 'waiting' | 'stopping' | 'gone';

/** One replica of an arm: starts its process, watches it, starts it again when it ends, and ends it in good order. */
export class Replica {
  readonly id: string;
  readonly arm: Arm;
  readonly revision: string;
  readonly template: ProcessTemplate;
  readonly #host: ReplicaHost;
  readonly #log: LogFile;
  #phase: Phase = 'starting';
  #identity: ProcessIdentity | null = null;
  #port = 0;
  #starts = 0;
  #restarts = 0;
  #backoff: Backoff = noBackoff;
  #failure: string | null = null;
  #lastMessage = '';
  #ready = false;
  /** The endpoint of this start was given to the workers. */
  #wasReady = false;
  #readySinceMs: number | null = null;
  #startedAtMs = 0;
  #probes: ProbeSet | null = null;
  #ended: PromiseWithResolvers<void> = Promise.withResolvers();
  #restartTimer: NodeJS.Timeout | null = null;
  #pollTimer: NodeJS.Timeout | null = null;
  #starting: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | null = null;

  constructor(
    arm: Arm,
    revision: string,
    template: ProcessTemplate,
    host: ReplicaHost,
    record: ReplicaRecord | null,
  ) {
    this.id = record?.id ?? randomBytes(5).toString('hex');
    this.arm = arm;
    this.revision = revision;
    this.template = template;
    this.#host = host;
    const path = record?.log ?? join(host.logFolder, `${arm}-${revision}-${this.id}.log`);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#log = new LogFile(path);
    host.logs.add(this.#log);
    if (record !== null) {
      this.#starts = record.starts;
      this.#restarts = record.restarts;
      this.#port = record.port;
    }
  }

  start(): void {
    this.#starting = this.#launch();
  }

  /** Takes over a process that an earlier keeper started and that runs. */
  adopt(identity: ProcessIdentity, ready: boolean): void {
    this.#identity = identity;
    this.#running(ready);
    this.#pollTimer = setInterval(() => {
      if (!isAlive(identity)) this.#onEnd('ended');
    }, adoptedPollMs);
  }

  /** In good order; resolves when nothing is left of it. Never rejects. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  get stopping(): boolean {
    return this.#stopped !== null;
  }

  get gone(): boolean {
    return this.#phase === 'gone';
  }

  get port(): number {
    return this.#port;
  }

  /** null: not one yet, or no more. */
  endpoint(): Endpoint | null {
    if (this.#identity === null || !this.#wasReady) return null;
    const state = this.#ready && !this.stopping ? 'ready' : 'draining';
    return {
      id: this.#endpointId,
      arm: this.arm,
      revision: this.revision,
      host: '127.0.0.1',
      port: this.#port,
      state,
    };
  }

  /** For how long it has been ready without a break; null: it is not. */
  readyForMs(): number | null {
    return this.#readySinceMs === null || this.stopping ? null : performance.now() - this.#readySinceMs;
  }

  status(): ReplicaStatus {
    return {
      id: this.id,
      arm: this.arm,
      revision: this.revision,
      phase: this.stopping ? 'stopping' : this.#phase === 'gone' ? 'stopping' : this.#phase,
      ready: this.#ready && !this.stopping,
      pid: this.#identity?.pid ?? null,
      port: this.#port,
      restarts: this.#restarts,
      failure: this.#failure,
      message: this.#lastMessage,
      log: this.#log.path,
    };
  }

  record(): ReplicaRecord {
    return {
      id: this.id,
      arm: this.arm,
      revision: this.revision,
      port: this.#port,
      identity: this.#identity,
      starts: this.#starts,
      restarts: this.#restarts,
      ready: this.#ready,
      stopping: this.stopping,
      log: this.#log.path,
    };
  }

  get #endpointId(): string {
    return `${this.id}.${this.#starts}`;
  }

  async #launch(): Promise<void> {
    this.#phase = 'starting';
    this.#starts += 1;
    this.#lastMessage = '';
    const { template } = this;
    const port = template.port ?? (await freePort());
    const user = template.port === null ? null : this.#host.portUser(port, this.id);
    this.#port = port;
    if (user !== null) {
      this.#startFailed(`port ${port} is used by ${user}`);
      return;
    }
    const result = await spawnProcess({
      command: [...template.command, ...template.args],
      env: this.#environment(),
      workingDir: template.workingDir,
      logDescriptor: this.#log.descriptor,
    });
    if (result.kind === 'failed') {
      this.#startFailed(result.message);
      return;
    }
    const { child } = result;
    child.unref();
    this.#ended = Promise.withResolvers();
    // Of a process that has ended already only its group can be named, by the pid that nobody else has yet.
    this.#identity = result.identity ?? (child.pid === undefined ? null : identify(child.pid));
    child.once('exit', (code, signal) =>
      this.#onEnd(code === null ? `was ended by ${signal}` : `exited with code ${code}`),
    );
    if (this.#identity === null && (child.exitCode !== null || child.signalCode !== null)) return;
    this.#running(null);
  }

  #running(adoptedReady: boolean | null): void {
    this.#phase = 'running';
    this.#startedAtMs = performance.now();
    this.#probes = new ProbeSet(this.template, this.#context(), {
      ready: (ready, message) => this.#setReady(ready, message),
      unhealthy: (message) => void this.#endUnhealthy(message),
    });
    if (adoptedReady === true) this.#setReady(true, '');
    this.#probes.start(adoptedReady);
    this.#host.changed();
  }

  #setReady(ready: boolean, message: string): void {
    if (ready === this.#ready) return;
    this.#ready = ready;
    this.#wasReady ||= ready;
    this.#readySinceMs = ready ? performance.now() : null;
    if (ready) this.#failure = null;
    this.#lastMessage = message;
    this.#host.changed();
  }

  async #endUnhealthy(message: string): Promise<void> {
    this.#setReady(false, message);
    this.#lastMessage = message;
    await this.#end();
  }

  #startFailed(message: string): void {
    this.#restartLater(`process-start-failed: ${message}`, 0, true);
  }

  #onEnd(how: string): void {
    if (this.#pollTimer !== null) clearInterval(this.#pollTimer);
    this.#probes?.stop();
    const identity = this.#identity;
    const endpointId = this.#endpointId;
    const ranMs = performance.now() - this.#startedAtMs;
    const why = this.#lastMessage === '' ? how : `${how} after ${this.#lastMessage}`;
    this.#identity = null;
    this.#ready = false;
    this.#wasReady = false;
    this.#readySinceMs = null;
    this.#ended.resolve();
    if (this.stopping) {
      this.#host.changed();
      return;
    }
    this.#restarts += 1;
    this.#restartLater(why, ranMs, false);
    // What it left behind may hold its port.
    if (identity !== null) void endGroup(identity, endpointId);
  }

  #restartLater(message: string, ranMs: number, cannotStart: boolean): void {
    this.#phase = 'waiting';
    this.#backoff = nextBackoff(this.#backoff, ranMs);
    const { ends, delayMs } = this.#backoff;
    this.#lastMessage = message;
    if (cannotStart) this.#failure = message;
    else if (ends >= crashLoopEnds)
      this.#failure = `crash-loop: the process ${message}, ${ends} times in a row`;
    if (!this.stopping) this.#restartTimer = setTimeout(() => this.start(), delayMs);
    this.#host.changed();
  }

  async #stop(): Promise<void> {
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer);
    // `changed` reads `stopping`, which is true only once this function has returned its promise.
    await Promise.resolve();
    this.#host.changed();
    await this.#starting;
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer);
    if (this.#identity !== null) {
      if (this.#wasReady) {
        const limitMs = this.template.terminationGracePeriodSeconds * 1_000;
        await Promise.race([this.#host.drained(this.#endpointId, limitMs), this.#ended.promise]);
      }
      this.#probes?.stop();
      await this.#end();
    }
    if (this.#pollTimer !== null) clearInterval(this.#pollTimer);
    this.#host.logs.drop(this.#log);
    this.#phase = 'gone';
    this.#host.changed();
  }

  async #end(): Promise<void> {
    const identity = this.#identity;
    if (identity === null) return;
    await stopProcess({
      identity,
      endpointId: this.#endpointId,
      template: this.template,
      context: this.#context(),
      ended: this.#ended.promise,
    });
  }

  #context(): ProbeContext {
    return { port: this.#port, env: this.#environment(), workingDir: this.template.workingDir };
  }

  #environment(): Readonly<Record<string, string>> {
    const marks = { keeperId: this.#host.keeperId, endpointId: this.#endpointId };
    return processEnvironment(this.#host.outerEnv, this.template, this.#port, marks);
  }
}
