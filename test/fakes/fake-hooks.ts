import type { Clock, HookCaller, HookRequest } from '../../src/engine/ports.ts';
import type { HookAnswer, HookAnswerKind } from '../../src/rollout/observation.ts';

/** How one call is answered. `hang`: not at all. `replay`: with the answer of an earlier call, its id included. */
export interface HookScript {
  readonly kind: HookAnswerKind | 'hang' | 'replay';
  readonly afterMs: number;
}

/** Webhooks in virtual time. Passes at once unless scripted otherwise; a call with a known id is answered as before. */
export class FakeHooks implements HookCaller {
  scriptOf: (request: HookRequest) => HookScript = () => ({ kind: 'passed', afterMs: 0 });
  readonly calls: HookRequest[] = [];
  readonly answers = new Map<string, HookAnswer>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async call(request: HookRequest, signal: AbortSignal): Promise<HookAnswer> {
    this.calls.push(request);
    const { id } = request.effect;
    const known = this.answers.get(id);
    if (known !== undefined) return known;
    const { kind, afterMs } = this.scriptOf(request);
    if (kind === 'hang') return new Promise(() => undefined);
    if (afterMs > 0)
      await new Promise<void>((resolve) => this.#clock.at(this.#clock.nowMs() + afterMs, resolve));
    if (signal.aborted) return { id, kind: 'failed', atMs: this.#clock.nowMs(), message: 'given up' };
    if (kind === 'replay') return [...this.answers.values()].at(-1) ?? this.#answer(id, 'refused');
    return this.#answer(id, kind);
  }

  #answer(id: string, kind: HookAnswerKind): HookAnswer {
    const answer = { id, kind, atMs: this.#clock.nowMs(), message: kind };
    this.answers.set(id, answer);
    return answer;
  }
}
