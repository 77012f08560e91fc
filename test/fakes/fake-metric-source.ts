import type { Block, Sample } from '../../src/analysis/block.ts';
import type { Clock, MetricReading, MetricSource, ServiceKey } from '../../src/engine/ports.ts';
import { SluiceError } from '../../src/lib/error.ts';
import type { Plan } from '../../src/rollout/plan.ts';
import { userShare } from '../../src/rollout/routing.ts';
import type { FakePlatform, FakeService } from './fake-platform.ts';

/** How a revision serves. */
export interface ServingBehaviour {
  /** Share of requests that fail, 0 to 1. */
  readonly errorShare: number;
}

/** `gap`: nothing comes; `stale`: nothing comes and the cursor stands; `reset`: the counters began anew; `nan`: samples without a value. */
export type MetricFault = 'none' | 'gap' | 'stale' | 'error' | 'hang' | 'nan' | 'reset';

/** Traffic as counters: what each arm served between two readings, from what the fake data plane really sends where. */
export class FakeMetricSource implements MetricSource {
  /** Requests of all users each second. */
  rateOf: () => number = () => 100;
  /** Share of requests of a revision that fail, where something changes what `serving` says. */
  errorShareOf: (revision: string, known: number) => number = (_revision, known) => known;
  readonly serving = new Map<string, ServingBehaviour>();
  faultOf: () => MetricFault = () => 'none';
  /** Blocks with canary requests that were handed out, by service: evidence for a checker. */
  readonly handedOut: { readonly key: ServiceKey; readonly block: Block }[] = [];
  readonly #clock: Clock;
  readonly #platform: FakePlatform;

  constructor(clock: Clock, platform: FakePlatform) {
    this.#clock = clock;
    this.#platform = platform;
  }

  async read(key: ServiceKey, plan: Plan, cursor: unknown, _nowMs: number): Promise<MetricReading> {
    const fault = this.faultOf();
    if (fault === 'hang') return new Promise(() => undefined);
    if (fault === 'error')
      throw new SluiceError({ code: 'metrics-unavailable', message: 'the metric source answers 503' });
    const nowMs = this.#clock.nowMs();
    if (fault === 'stale') return { blocks: [], samples: [], cursor };
    const service = this.#platform.services.get(key);
    const isFirst =
      typeof cursor !== 'number' || fault === 'reset' || fault === 'gap' || service === undefined;
    if (isFirst || cursor >= nowMs) return { blocks: [], samples: [], cursor: nowMs };
    const block = this.#block(service, cursor, nowMs);
    this.handedOut.push({ key, block });
    return { blocks: [block], samples: this.#samples(plan, block, fault === 'nan'), cursor: nowMs };
  }

  #block(service: FakeService, fromMs: number, nowMs: number): Block {
    const durationMs = nowMs - fromMs;
    const total = (this.rateOf() * durationMs) / 1_000;
    const isMirrored = service.plane.workers.some((worker) => worker.routing.kind === 'mirror');
    const share = service.plane.workers.some((worker) => worker.routing.kind === 'match')
      ? 10
      : userShareOf(service);
    // A canary without user traffic is served by a load test.
    const tested = isMirrored || (share === 0 && service.canary.replicas > 0) ? total / 10 : 0;
    const inPlace = service.canary.replicas === 0 && service.canary.revision === null ? total : 0;
    const canary = Math.round(inPlace > 0 ? inPlace : (total * share) / 100 + tested);
    const revision = inPlace > 0 ? service.stable.revision : service.canary.revision;
    // In place there is one arm, and it is the one on trial.
    const stable = inPlace > 0 ? 0 : Math.round(total - (total * share) / 100);
    return {
      atMs: nowMs,
      durationMs,
      canary: { requests: canary, errors: this.#errors(revision, canary) },
      stable: { requests: stable, errors: this.#errors(service.stable.revision, stable) },
    };
  }

  #errors(revision: string | null, requests: number): number {
    const known = revision === null ? 0 : (this.serving.get(revision)?.errorShare ?? 0);
    const share = revision === null ? 0 : this.errorShareOf(revision, known);
    return Math.min(Math.round(requests), Math.round(requests * share));
  }

  #samples(plan: Plan, block: Block, isEmpty: boolean): readonly Sample[] {
    const { requests = 0, errors = 0 } = block.canary ?? {};
    const value = isEmpty || requests === 0 ? null : (100 * errors) / requests;
    return plan.judging.checks
      .filter((check) => check.measure.kind === 'sample')
      .map((check) => ({ check: check.name, atMs: block.atMs, value }));
  }
}

function userShareOf(service: FakeService): number {
  const shares = service.plane.workers.map((worker) => userShare(worker.routing));
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}
