import type { ProbeSpec, ProcessTemplate } from '../../../resource/service-spec.ts';
import type { ProbeContext } from './probe.ts';
import { Prober } from './prober.ts';

export interface ProbeEvents {
  readonly ready: (ready: boolean, message: string) => void;
  /** A startup or liveness probe gave up: the process is to be ended and started again. */
  readonly unhealthy: (message: string) => void;
}

/**
 * Without a readiness and a startup probe Kubernetes holds a process to be ready once it runs. Here its port must be open
 * first: on one machine nothing else stands between a process that is still loading and the first request.
 */
const portOpen: ProbeSpec = {
  action: { kind: 'tcp', port: null },
  initialDelaySeconds: 0,
  periodSeconds: 0.2,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: Number.POSITIVE_INFINITY,
};

/** The three probes of one start of a process: startup holds the other two back, as in Kubernetes. */
export class ProbeSet {
  readonly #template: ProcessTemplate;
  readonly #context: ProbeContext;
  readonly #events: ProbeEvents;
  readonly #startedAtMs = performance.now();
  #probers: readonly Prober[] = [];

  constructor(template: ProcessTemplate, context: ProbeContext, events: ProbeEvents) {
    this.#template = template;
    this.#context = context;
    this.#events = events;
  }

  /** `adoptedReady`: the process was started by an earlier keeper, which held it to be ready or not; null: it starts now. */
  start(adoptedReady: boolean | null): void {
    if (adoptedReady === true) {
      this.#running(true);
      return;
    }
    const { startupProbe, readinessProbe } = this.#template;
    const startup = startupProbe ?? (readinessProbe === null ? portOpen : null);
    if (startup === null) {
      this.#running(false);
      return;
    }
    this.#add(startup, null, true, (passing, message) => {
      this.stop();
      if (passing) this.#running(false);
      else this.#events.unhealthy(`startup probe: ${message}`);
    });
  }

  stop(): void {
    for (const prober of this.#probers) prober.stop();
    this.#probers = [];
  }

  #running(ready: boolean): void {
    const { readinessProbe, livenessProbe } = this.#template;
    if (readinessProbe === null) this.#events.ready(true, '');
    else this.#add(readinessProbe, ready, !ready, (passing, message) => this.#events.ready(passing, message));
    if (livenessProbe === null) return;
    this.#add(livenessProbe, true, false, (passing, message) => {
      if (passing) return;
      this.stop();
      this.#events.unhealthy(`liveness probe: ${message}`);
    });
  }

  #add(
    spec: ProbeSpec,
    passing: boolean | null,
    eager: boolean,
    changed: (passing: boolean, message: string) => void,
  ): void {
    const prober = new Prober({ spec, context: this.#context, passing, eager, changed });
    this.#probers = [...this.#probers, prober];
    prober.start(Math.max(0, spec.initialDelaySeconds * 1_000 - (performance.now() - this.#startedAtMs)));
  }
}
