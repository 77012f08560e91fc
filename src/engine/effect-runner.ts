import { createHash } from 'node:crypto';
import { toSluiceError } from '../lib/error.ts';
import type { RolloutIdentity } from '../rollout/decide.ts';
import type { Effect } from '../rollout/effect.ts';
import type { HookAnswer } from '../rollout/observation.ts';
import type { HookPlan } from '../rollout/plan.ts';
import { backoffMs } from './backoff.ts';
import { bounded } from './bounded.ts';
import type { EngineContext } from './context.ts';
import type { HookRequest, PlatformEffect, RolloutRecord } from './ports.ts';
import { type IssuedEffect, noteWrite, type Part, putRollout, type Service } from './service.ts';

/** `decide` says an effect until it sees it done; the same one is not issued again sooner than this, and ever more slowly. */
const repeat = { baseMs: 1_000, limitMs: 15_000 };
/** A look after an effect, should the platform's own word be lost. */
const lookAfterMs = 250;
/** What a hook caller may take beyond its own limits before it counts as hung. */
const hookGraceMs = 5_000;
const rememberedNotices = 50;
const longestHookPauseMs = 30_000;

export type HookEffect = Extract<Effect, { readonly kind: 'callHook' }>;

export interface EffectRunnerOptions {
  readonly context: EngineContext;
  /** An answer of a hook has come. */
  readonly onAnswer: (service: Service, rollout: string, effect: HookEffect, answer: HookAnswer) => void;
}

/**
 * Carries out what `decide` asked for, each effect on its own: one that hangs or fails holds up no other. Whether it worked
 * is seen by looking at the world again, not here.
 */
export class EffectRunner {
  readonly #context: EngineContext;
  readonly #onAnswer: EffectRunnerOptions['onAnswer'];

  constructor(options: EffectRunnerOptions) {
    this.#context = options.context;
    this.#onAnswer = options.onAnswer;
  }

  run(service: Service, run: RolloutRecord, effects: readonly Effect[]): void {
    const wanted = new Set<string>();
    for (const effect of effects) {
      const content = JSON.stringify(effect);
      wanted.add(content);
      this.#start(service, run, effect, content);
    }
    for (const [content, issued] of service.issued) {
      if (!issued.running && !wanted.has(content)) service.issued.delete(content);
    }
  }

  /** Rollback's one write, at once. */
  lower(service: Service, identity: RolloutIdentity): void {
    if (this.#context.lane.lower(service.key, identity)) noteWrite(service, 'route');
  }

  #start(service: Service, run: RolloutRecord, effect: Effect, content: string): void {
    const { clock } = this.#context;
    if (effect.kind === 'setRoute' && effect.route.tombstone) return this.lower(service, run.identity);
    if (effect.kind === 'notify') return this.#notify(service, run.identity.name, effect);
    const issued = service.issued.get(content) ?? { running: false, tries: 0, notBeforeMs: 0 };
    if (issued.running) return;
    if (clock.nowMs() < issued.notBeforeMs) return this.#context.queue.addAt(service.key, issued.notBeforeMs);
    issued.running = true;
    issued.tries += 1;
    service.issued.set(content, issued);
    if (effect.kind === 'callHook') void this.#call(service, run, effect, issued);
    else void this.#act(service, run, effect, issued);
  }

  async #act(
    service: Service,
    run: RolloutRecord,
    effect: PlatformEffect,
    issued: IssuedEffect,
  ): Promise<void> {
    const { clock, queue, options, parts } = this.#context;
    const topic = `act ${effect.kind}`;
    try {
      if (effect.kind === 'setArm') await this.#tellSnapshot(service, run, effect.revision);
      noteWrite(service, partOf(effect));
      const work = parts.platform.act(service.key, effect, run.identity);
      await bounded(clock, options.actLimitMs, effect.kind, work);
      if (service.troubles.delete(topic)) this.#context.changed(service.key);
    } catch (thrown) {
      const { message } = toSluiceError(thrown, 'internal');
      service.troubles.set(topic, message);
      parts.log('warn', `${service.key}: ${effect.kind} failed: ${message}`);
      this.#context.changed(service.key);
    }
    issued.running = false;
    issued.notBeforeMs = clock.nowMs() + backoffMs(repeat, issued.tries, parts.random.next());
    queue.addAt(service.key, clock.nowMs() + lookAfterMs);
  }

  async #tellSnapshot(service: Service, run: RolloutRecord, revision: string): Promise<void> {
    if (service.toldSnapshots.has(revision)) return;
    const { canary } = service;
    const known = [run.snapshot, canary.promoted, canary.previous, canary.target];
    const snapshot = known.find((candidate) => candidate?.revision === revision);
    if (snapshot === undefined || snapshot === null) return;
    const { clock, options, parts } = this.#context;
    const work = parts.platform.ensureSnapshot(service.key, snapshot);
    await bounded(clock, options.actLimitMs, 'handing over a template', work);
    service.toldSnapshots.add(revision);
  }

  async #call(service: Service, run: RolloutRecord, effect: HookEffect, issued: IssuedEffect): Promise<void> {
    const answer = await this.#answerOf(hookRequest(service, run, effect));
    issued.running = false;
    issued.notBeforeMs = this.#context.clock.nowMs() + repeat.baseMs;
    this.#onAnswer(service, run.identity.name, effect, answer);
  }

  async #answerOf(request: HookRequest): Promise<HookAnswer> {
    const { clock, parts } = this.#context;
    const { hook, id } = request.effect;
    const abort = new AbortController();
    try {
      return await bounded(
        clock,
        hookLimitMs(hook),
        `the webhook ${hook.name}`,
        parts.hooks.call(request, abort.signal),
      );
    } catch (thrown) {
      abort.abort();
      const { message } = toSluiceError(thrown, 'hook-failed');
      return { id, kind: 'failed', atMs: clock.nowMs(), message };
    }
  }

  /** Event webhooks only tell: nobody waits for them and their answers count for nothing. */
  tell(service: Service, run: RolloutRecord, effect: HookEffect): void {
    void this.#answerOf(hookRequest(service, run, effect)).then((answer) => {
      if (answer.kind !== 'passed') {
        this.#context.parts.log(
          'warn',
          `${service.key}: event webhook ${effect.hook.name}: ${answer.message}`,
        );
      }
    });
  }

  #notify(service: Service, rollout: string, effect: Extract<Effect, { readonly kind: 'notify' }>): void {
    const run = service.rollouts.find((record) => record.identity.name === rollout);
    if (run === undefined || run.sent.includes(effect.id)) return;
    const { parts } = this.#context;
    try {
      parts.notifier.notify(service.key, effect);
    } catch (thrown) {
      parts.log('warn', `${service.key}: notification failed: ${toSluiceError(thrown, 'internal').message}`);
    }
    const told = { ...run, sent: [...run.sent, effect.id].slice(-rememberedNotices) };
    putRollout(service, told);
    service.writer.queue({ rollouts: [told] });
  }
}

/** What the effect changes. */
export function partOf(effect: PlatformEffect): Part {
  if (effect.kind === 'setRoute') return 'route';
  return effect.kind === 'setFloor' ? 'stable' : effect.arm;
}

function hookRequest(service: Service, run: RolloutRecord, effect: HookEffect): HookRequest {
  const { namespace, name } = service.canary.spec;
  const { revision } = run.identity;
  const checksum = createHash('sha256').update(revision).digest('hex').slice(0, 16);
  return { effect, name, namespace, revision, step: run.state.step, checksum };
}

function hookLimitMs(hook: HookPlan): number {
  return hook.timeoutMs * (hook.retries + 1) + longestHookPauseMs * hook.retries + hookGraceMs;
}
