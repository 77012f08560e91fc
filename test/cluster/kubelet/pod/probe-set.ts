import type { Probe } from 'kubernetes-types/core/v1.js';
import { type Clock, sleep } from '../../../../src/kube/clock.ts';
import type { ContainerHost, HandlerResult, HandlerTarget } from './container-host.ts';
import type { Container } from './pod.ts';
import {
  afterResult,
  firstState,
  isProbed,
  type ProbeKind,
  type ProbeState,
  type ProbeTiming,
  timingOf,
} from './probe-state.ts';

export interface ProbeSetOptions {
  readonly target: HandlerTarget;
  readonly clock: Clock;
  readonly host: ContainerHost;
  /** What an earlier kubelet knew of this run of the container. */
  readonly before?: Health;
  readonly onChange: (health: Health) => void;
  /** The startup or liveness probe has failed: the container is to be ended. At most once. */
  readonly onFatal: (kind: ProbeKind, message: string) => void;
}

export interface Health {
  readonly started: boolean;
  readonly ready: boolean;
}

interface Running {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly timing: ProbeTiming;
  state: ProbeState;
  /** The next round comes at once: the container has just started up. */
  hurry: AbortController;
}

/** The probes of one run of a container, from its start to its end. */
export class ProbeSet {
  readonly #options: ProbeSetOptions;
  readonly #probes: readonly Running[];
  readonly #stopped = new AbortController();
  #started: boolean;
  #told: Health;

  constructor(options: ProbeSetOptions) {
    this.#options = options;
    const { container } = options.target;
    this.#started = options.before?.started ?? container.startupProbe === undefined;
    this.#probes = probesOf(container, options.before);
    this.#told = this.health;
  }

  get health(): Health {
    const readiness = this.#probes.find(({ kind }) => kind === 'readiness');
    return { started: this.#started, ready: this.#started && (readiness?.state.passing ?? true) };
  }

  start(): void {
    for (const probe of this.#probes) void this.#run(probe);
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #run(running: Running): Promise<void> {
    const { clock } = this.#options;
    const stopped = this.#stopped.signal;
    await sleep(clock, running.timing.initialDelayMs, stopped);
    while (!stopped.aborted && !running.state.fatal) {
      if (isProbed(running.kind, running.state, this.#started)) await this.#once(running);
      else if (running.kind === 'startup') return;
      running.hurry = new AbortController();
      await sleep(clock, running.timing.periodMs, AbortSignal.any([stopped, running.hurry.signal]));
    }
  }

  async #once(running: Running): Promise<void> {
    const { kind, timing, probe } = running;
    const message = await this.#ask(probe, timing.timeoutMs);
    if (this.#stopped.signal.aborted) return;
    running.state = afterResult(kind, timing, running.state, message === null);
    if (kind === 'startup' && running.state.passing) {
      this.#started = true;
      for (const other of this.#probes) other.hurry.abort();
    }
    this.#tell();
    if (!running.state.fatal) return;
    this.stop();
    this.#options.onFatal(kind, message ?? '');
  }

  async #ask(probe: Probe, timeoutMs: number): Promise<HandlerResult> {
    const { clock, target, host } = this.#options;
    const late = new AbortController();
    const cancel = clock.at(clock.nowMs() + timeoutMs, () => late.abort());
    try {
      const signal = AbortSignal.any([late.signal, this.#stopped.signal]);
      return await host.handle(probe, target, signal);
    } finally {
      cancel();
    }
  }

  #tell(): void {
    const { health } = this;
    if (health.ready === this.#told.ready && health.started === this.#told.started) return;
    this.#told = health;
    this.#options.onChange(health);
  }
}

function probesOf(container: Container, before: Health | undefined): readonly Running[] {
  const all = [
    ['startup', container.startupProbe],
    ['readiness', container.readinessProbe],
    ['liveness', container.livenessProbe],
  ] as const;
  return all.flatMap(([kind, probe]) => {
    if (probe === undefined) return [];
    const first = firstState(kind);
    const state = kind === 'readiness' && before !== undefined ? { ...first, passing: before.ready } : first;
    return [{ kind, probe, timing: timingOf(probe), state, hurry: new AbortController() }];
  });
}
