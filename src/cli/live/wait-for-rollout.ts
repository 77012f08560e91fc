import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError, toSluiceError } from '../../lib/error.ts';
import type { RolloutView } from '../../resource/view.ts';
import { pickService } from '../resolve-service.ts';
import { serviceFrame } from '../render/frame.ts';
import type { Session } from '../session.ts';
import { FrameWriter } from './frame-writer.ts';
import { judgeWait, timedOut, type WaitStep, type WaitTarget } from './judge-wait.ts';
import { emptyLiveState, type LiveState, nextLiveState } from './live-state.ts';

export interface WaitOptions {
  readonly service: string;
  /** null: what the service wants when the wait begins. */
  readonly revision: string | null;
  readonly target: WaitTarget;
  readonly timeoutMs: number;
  /** How long the service and the revision may take to appear. */
  readonly observeMs: number;
  readonly waitForApproval: boolean;
  readonly before: ReadonlySet<string>;
}

export interface WaitResult {
  readonly exit: number;
  readonly line: string;
  readonly key: string | null;
  readonly rollout: RolloutView | null;
}

/** Waits over the live stream, through restarts of the engine. Throws SluiceError `unreachable` after 60 s without one. */
export async function waitForRollout(
  session: Session,
  options: WaitOptions,
  signal: AbortSignal,
): Promise<WaitResult> {
  const waiter = new Waiter(session, options);
  const end = new AbortController();
  const stop = (): void => end.abort();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([waiter.follow(end.signal), waiter.watchTheClock(end.signal)]);
  } finally {
    end.abort();
    waiter.close();
  }
}

class Waiter {
  readonly #session: Session;
  readonly #options: WaitOptions;
  readonly #frame: FrameWriter;
  readonly #startedMs: number;
  #live: LiveState = emptyLiveState;
  #revision: string | null;
  #history: readonly RolloutView[] = [];
  #historyOf: string | null = null;
  /** Before the first picture nothing is known to be missing. */
  #step: WaitStep = { kind: 'waiting', observed: true, line: 'connecting' };

  constructor(session: Session, options: WaitOptions) {
    this.#session = session;
    this.#options = options;
    this.#frame = new FrameWriter(session.progress);
    this.#startedMs = session.host.nowMs();
    this.#revision = options.revision;
  }

  async follow(signal: AbortSignal): Promise<WaitResult> {
    for await (const update of this.#session.client.live({ signal })) {
      this.#live = nextLiveState(this.#live, update, this.#session.host.nowMs());
      if (update.type === 'reconnecting')
        this.#session.progress.change(`${update.error.message}, trying again`);
      if (!this.#live.complete || update.type === 'reconnecting') continue;
      await this.#look();
      this.#show();
      if (this.#step.kind === 'ended') return this.#result(this.#step.exit, this.#step.line);
    }
    throw new SluiceError({ code: 'interrupted', message: 'the wait was given up' });
  }

  /** Ends the wait when its time is over, redraws what moves by itself, and gives the sign of life. */
  async watchTheClock(signal: AbortSignal): Promise<WaitResult> {
    const { timeoutMs, observeMs } = this.#options;
    for (;;) {
      await sleep(200, undefined, { signal });
      const waitedMs = this.#session.host.nowMs() - this.#startedMs;
      const unseen = this.#step.kind === 'waiting' && !this.#step.observed && this.#live.complete;
      if (waitedMs >= timeoutMs || (unseen && waitedMs >= observeMs)) {
        const { exit, line } = timedOut(this.#step);
        return this.#result(exit, line);
      }
      this.#show();
    }
  }

  close(): void {
    this.#frame.close();
  }

  async #look(): Promise<void> {
    const service = this.#service();
    if (service !== undefined) {
      this.#revision ??= service.wanted.revision;
      const current = service.rollout?.name ?? '';
      if (this.#historyOf !== current) {
        this.#historyOf = current;
        // Without it the answer is only later, so a failure here is not one of the wait.
        this.#history =
          (await this.#session.client.history(service.key, 20).catch(() => null))?.rollouts ?? [];
      }
    }
    this.#step = judgeWait({
      name: service?.name ?? this.#options.service,
      service,
      revision: this.#revision ?? '',
      target: this.#options.target,
      waitForApproval: this.#options.waitForApproval,
      history: this.#history,
      before: this.#options.before,
    });
  }

  #service() {
    try {
      return pickService(
        [...this.#live.services.values()],
        this.#options.service,
        this.#session.options.namespace,
      );
    } catch (thrown) {
      const error = toSluiceError(thrown, 'internal');
      if (error.code === 'not-found') return undefined;
      throw error;
    }
  }

  #show(): void {
    const service = this.#live.complete ? this.#service() : undefined;
    const nowMs = this.#session.host.nowMs() + this.#live.clockOffsetMs;
    const lines =
      service === undefined
        ? [this.#step.line]
        : serviceFrame(service, { style: this.#session.progressStyle, nowMs });
    this.#frame.show(lines, this.#step.line);
  }

  #result(exit: number, line: string): WaitResult {
    const rollout = this.#step.kind === 'ended' ? this.#step.rollout : (this.#service()?.rollout ?? null);
    return { exit, line, key: this.#service()?.key ?? null, rollout };
  }
}
