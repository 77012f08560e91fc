import { type Clock, sleep } from '../../../../src/kube/clock.ts';
import { timeOf } from '../../../../src/kube/micro-time.ts';
import type { ProcessIdentity } from '../../../../src/platform/local/process/identity.ts';
import type { ContainerCommand, ContainerHost, HandlerTarget, RunningProcess } from './container-host.ts';
import { aborted } from './aborted.ts';
import { Grace } from './grace.ts';

import type { Container, ContainerObservation, ContainerState } from './pod.ts';
import { afterCrash, type CrashPolicy, isRestarted, noCrashes } from './crash-backoff.ts';
import type { ContainerRecord } from '../pod-record.ts';
import { type Health, ProbeSet } from './probe-set.ts';

/** What a container needs to be started; `waiting` is tried again. */
export type Prepared =
  | { readonly kind: 'ready'; readonly argv: readonly string[]; readonly target: HandlerTarget }
  | { readonly kind: 'waiting'; readonly reason: string; readonly message: string };

export interface RunnerOptions {
  readonly container: Container;
  readonly restartPolicy: string | undefined;
  readonly graceMs: number;
  readonly crashPolicy: CrashPolicy;
  readonly retryMs: number;
  readonly folder: string;
  readonly clock: Clock;
  readonly host: ContainerHost;
  /** Of an earlier kubelet. */
  readonly before: ContainerRecord | null;
  readonly prepare: () => Promise<Prepared>;
  /** For hooks and probes of a run of before whose variables cannot be found out again. */
  readonly bareTarget: HandlerTarget;
  readonly onChange: () => void;
  readonly log: (line: string) => void;
}

/** What is left after a hook that has used up all of the grace: the kubelet's own. */
const leastAfterHookMs = 2000;

interface Attended {
  readonly process: RunningProcess;
  readonly target: HandlerTarget;
  readonly startedMs: number;
}

/** One container of a pod: started, probed, started again after it ended, ended. */
export class ContainerRunner {
  readonly #options: RunnerOptions;
  readonly #stopped = new AbortController();
  #observation: ContainerObservation;
  #identity: ProcessIdentity | null;
  #attempt: number;
  #attended: Attended | null = null;
  #ending: Promise<void> | null = null;
  #grace: Grace | null = null;
  #stopWith: { readonly graceMs: number; readonly hook: boolean } | null = null;

  constructor(options: RunnerOptions) {
    this.#options = options;
    const { container, before } = options;
    this.#identity = before?.identity ?? null;
    this.#attempt = before?.attempt ?? 0;
    this.#observation = before?.observation ?? {
      name: container.name,
      image: container.image ?? '',
      state: { waiting: { reason: 'ContainerCreating' } },
      last: null,
      restartCount: 0,
      started: false,
      ready: false,
    };
  }

  get observation(): ContainerObservation {
    return this.#observation;
  }

  get record(): ContainerRecord {
    return { observation: this.#observation, identity: this.#identity, attempt: this.#attempt };
  }

  /** Until it has ended for good: by its restart policy, or stopped. */
  async run(): Promise<void> {
    const { restartPolicy, crashPolicy, clock } = this.#options;
    const end = this.#observation.state.terminated;
    if (end !== undefined && !isRestarted(restartPolicy, end.exitCode)) return;
    let crashes = noCrashes;
    let attended = await this.#adopt();
    for (;;) {
      attended ??= await this.#start();
      if (attended === null) return;
      const exitCode = await this.#attend(attended);
      const ranMs = clock.nowMs() - attended.startedMs;
      attended = null;
      this.#ended(exitCode);
      if (this.#stopped.signal.aborted || !isRestarted(restartPolicy, exitCode)) return;
      crashes = afterCrash(crashes, ranMs, crashPolicy);
      if (crashes.lastMs > 0) await this.#backOff(crashes.lastMs);
      if (this.#stopped.signal.aborted) return;
    }
  }

  /** preStop, SIGTERM, and SIGKILL at the end of the grace; never started again. Called again, it only shortens the grace. */
  async stop(graceMs: number, hook = true): Promise<void> {
    this.#stopWith = { graceMs: Math.min(graceMs, this.#stopWith?.graceMs ?? graceMs), hook };
    this.#stopped.abort();
    await this.#end(graceMs, hook);
  }

  /** What runs on of an earlier kubelet, or has ended without it; null: nothing does. */
  async #adopt(): Promise<Attended | null> {
    const { before, prepare, folder, clock, bareTarget, host } = this.#options;
    if (before === null || before.identity === null || before.observation.state.running === undefined)
      return null;
    const process = host.adopt({ folder, attempt: before.attempt }, before.identity);
    const prepared = await prepare();
    const target = prepared.kind === 'ready' ? prepared.target : bareTarget;
    return { process, target, startedMs: clock.nowMs() };
  }

  async #start(): Promise<Attended | null> {
    const { folder, clock, host } = this.#options;
    const prepared = await this.#prepared();
    if (prepared === null || this.#stopped.signal.aborted) return null;
    const again = this.#identity !== null;
    if (again) this.#attempt += 1;
    const { env, cwd } = prepared.target;
    const command: ContainerCommand = { argv: prepared.argv, env, cwd, folder, attempt: this.#attempt };
    const process = await host.start(command);
    this.#identity = process.identity;
    const restartCount = this.#observation.restartCount + (again ? 1 : 0);
    const { startupProbe, readinessProbe } = this.#options.container;
    this.#change({
      state: { running: { startedAt: timeOf(clock.wallMs()) } },
      restartCount,
      started: startupProbe === undefined,
      ready: startupProbe === undefined && readinessProbe === undefined,
    });
    return { process, target: prepared.target, startedMs: clock.nowMs() };
  }

  /** As soon as image, variables and files are there; null: stopped before. */
  async #prepared(): Promise<Extract<Prepared, { kind: 'ready' }> | null> {
    const { clock, retryMs, prepare } = this.#options;
    while (!this.#stopped.signal.aborted) {
      const prepared = await prepare();
      if (prepared.kind === 'ready') return prepared;
      const { reason, message } = prepared;
      this.#change({ state: { waiting: { reason, message } } });
      await sleep(clock, retryMs, this.#stopped.signal);
    }
    return null;
  }

  async #attend(attended: Attended): Promise<number> {
    const { clock, container, graceMs, before, log, host } = this.#options;
    const { process, target } = attended;
    this.#attended = attended;
    if (this.#stopWith !== null) void this.#end(this.#stopWith.graceMs, this.#stopWith.hook);
    const adopted = before?.identity === process.identity;
    const probes = new ProbeSet({
      target,
      clock,
      host,
      ...(adopted ? { before: before.observation } : {}),
      onChange: (health: Health) => this.#change(health),
      onFatal: (kind, message) => {
        if (this.#stopped.signal.aborted) return;
        log(`${container.name}: ${kind} probe failed: ${message}`);
        const seconds = container[`${kind === 'startup' ? 'startup' : 'liveness'}Probe`];
        void this.#end((seconds?.terminationGracePeriodSeconds ?? graceMs / 1000) * 1000, true);
      },
    });
    probes.start();
    const { postStart } = container.lifecycle ?? {};
    if (postStart !== undefined && !adopted) void this.#afterStart(postStart, target);
    const exitCode = await process.exited;
    probes.stop();
    await this.#ending;
    this.#attended = null;
    this.#ending = null;
    return exitCode;
  }

  async #afterStart(
    hook: NonNullable<NonNullable<Container['lifecycle']>['postStart']>,
    target: HandlerTarget,
  ): Promise<void> {
    const message = await this.#options.host.handle(hook, target, this.#stopped.signal);
    if (message === null || this.#stopped.signal.aborted) return;
    this.#options.log(`${this.#observation.name}: postStart failed: ${message}`);
    await this.#end(this.#options.graceMs, true);
  }

  async #end(graceMs: number, hook: boolean): Promise<void> {
    if (this.#ending === null) {
      if (this.#attended === null) return;
      this.#ending = this.#endProcess(this.#attended, graceMs, hook);
    } else {
      this.#grace?.shorten(graceMs);
    }
    await this.#ending;
  }

  async #endProcess({ process, target }: Attended, graceMs: number, hook: boolean): Promise<void> {
    const { clock, container, host } = this.#options;
    const preStop = hook ? container.lifecycle?.preStop : undefined;
    this.#grace = new Grace(clock, graceMs);
    const gone = new AbortController();
    void process.exited.then(() => gone.abort());
    if (preStop !== undefined) {
      const signal = AbortSignal.any([this.#grace.signal, gone.signal]);
      const message = await host.handle(preStop, target, signal);
      if (message !== null) this.#options.log(`${container.name}: preStop failed: ${message}`);
      this.#grace = this.#grace.atLeast(leastAfterHookMs);
    }
    process.terminate();
    const { signal } = this.#grace;
    await Promise.race([process.exited, aborted(signal)]);
    if (signal.aborted) process.kill();
    await process.exited;
    this.#grace.end();
  }

  #ended(exitCode: number): void {
    const { state, name } = this.#observation;
    const startedAt = state.running?.startedAt;
    const terminated = {
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      ...(startedAt === undefined ? {} : { startedAt }),
      finishedAt: timeOf(this.#options.clock.wallMs()),
      containerID: `local://${name}-${this.#attempt}`,
    };
    this.#change({ state: { terminated }, last: terminated, started: false, ready: false });
  }

  async #backOff(delayMs: number): Promise<void> {
    const { clock, container } = this.#options;
    const message = `back-off ${delayMs / 1000}s restarting failed container=${container.name}`;
    this.#change({ state: { waiting: { reason: 'CrashLoopBackOff', message } } });
    await sleep(clock, delayMs, this.#stopped.signal);
    // Never started again: it is what it ended as.
    const { last } = this.#observation;
    if (this.#stopped.signal.aborted && last !== null) this.#change({ state: { terminated: last } });
  }

  #change(change: Partial<ContainerObservation> & { readonly state?: ContainerState }): void {
    this.#observation = { ...this.#observation, ...change };
    this.#options.onChange();
  }
}
