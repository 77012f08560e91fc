import type { Verdict } from '../analysis/judge.ts';
import { AssertionFailure } from '../lib/assert.ts';
import { toSluiceError } from '../lib/error.ts';
import type { Decision } from '../rollout/decide.ts';
import type { Effect } from '../rollout/effect.ts';
import type { HookAnswer } from '../rollout/observation.ts';
import { judging } from '../rollout/verdict.ts';
import { bounded } from './bounded.ts';
import type { EngineContext } from './context.ts';
import { EffectRunner, type HookEffect } from './effect-runner.ts';
import { eventHooks } from './event-hooks.ts';
import {
  interrupted,
  judgeReading,
  measurementsOf,
  measureTraffic,
  type ReadingOutcome,
  verdictOfState,
} from './judging.ts';
import type {
  CanaryRecord,
  PlatformObservation,
  RecordEvent,
  RolloutRecord,
  ServiceKey,
  ShadowRecord,
} from './ports.ts';
import {
  effectEvent,
  engineEvent,
  outcomeEvent,
  shadowEvent,
  transitionEvent,
  verdictEvent,
} from './rollout-events.ts';
import {
  activeRollout,
  isEnded,
  noSight,
  observationOf,
  putRollout,
  runningRollout,
  type Service,
} from './service.ts';
import { promotedCanary } from './start-rollout.ts';
import { measuresForecast } from './traffic.ts';

/** How long the end of one rollout (its last webhooks, the floor) may hold up the start of the next. */
const trailingMs = 30_000;
/** After this long a read that hangs is given up for lost and a new one is tried. */
const lostReadMs = 20_000;

/**
 * One look at a running rollout: read, judge, decide, persist, act. The reads are bounded and only they are waited for;
 * writes and effects go on beside it, so a disk or a platform that hangs takes no place in the queue.
 */
export class Reconciler {
  readonly #context: EngineContext;
  readonly effects: EffectRunner;
  /** Reads under way, and when each was begun. */
  readonly #observing = new Map<ServiceKey, number>();
  readonly #measuring = new Map<ServiceKey, number>();

  constructor(context: EngineContext) {
    this.#context = context;
    this.effects = new EffectRunner({
      context,
      onAnswer: (service, rollout, effect, answer) => this.#takeAnswer(service, rollout, effect, answer),
    });
  }

  #takeAnswer(service: Service, rollout: string, effect: HookEffect, answer: HookAnswer): void {
    const run = activeRollout(service);
    const isKnown = service.answers.some((entry) => entry.answer.id === answer.id);
    if (run === null || run.identity.name !== rollout || isKnown) return;
    service.answers = [...service.answers, { rollout, answer }];
    if (effect.hook.type === 'rollout' && answer.id === effect.id) {
      const { atMs, kind, message } = answer;
      service.signals = [
        ...service.signals,
        { name: effect.hook.name, atMs, passed: kind === 'passed', message },
      ];
    }
    service.writer.queue({ hookAnswers: [{ rollout, answer }] });
    this.tryRollback(service);
    this.#context.queue.add(service.key);
  }

  /** Reads and judges, then decides. Called by the normal lane. */
  async look(service: Service): Promise<void> {
    const run = activeRollout(service);
    if (run === null || service.poisoned === run.identity.uid) return;
    await Promise.all([this.observe(service), this.#measure(service, run)]);
    // Something was written while it was read: what it says of that is void.
    if (!service.blind && Object.values(service.sight).includes(null)) await this.observe(service);
    this.decide(service);
  }

  /** Reads the platform into `service.observation`; while an earlier reading hangs, it counts as failed at once. */
  async observe(service: Service): Promise<PlatformObservation | null> {
    const { parts, clock, options } = this.#context;
    const { key } = service;
    if (this.#isHanging(this.#observing, key)) {
      service.blind = true;
      return null;
    }
    const { stable, canary, route } = service.writes;
    const reading = this.#begin(this.#observing, key, () => parts.platform.observe(key));
    try {
      const seen = await bounded(clock, options.observeLimitMs, 'reading the platform', reading);
      service.observation = seen;
      service.sight = {
        stable: stable === service.writes.stable ? seen.stable : null,
        canary: canary === service.writes.canary ? seen.canary : null,
        route: route === service.writes.route ? seen.route : null,
      };
      service.observedAtMs = clock.nowMs();
      service.blind = false;
      service.troubles.delete('observe');
      return seen;
    } catch (thrown) {
      service.blind = true;
      service.troubles.set('observe', toSluiceError(thrown, 'internal').message);
      return null;
    }
  }

  async #measure(service: Service, run: RolloutRecord): Promise<void> {
    const { key } = service;
    if (judging(run.state) === null) {
      if (measuresForecast(run)) return this.#measureForecast(service, run);
      putRollout(service, interrupted(run));
      return;
    }
    if (run.plan.judging.checks.length === 0 && run.plan.hooks.length === 0 && run.plan.steps.length === 0)
      return;
    const calledAtMs = this.#context.clock.nowMs();
    const outcome = await this.#read(key, run);
    const current = runningRollout(service);
    // A reading begun under another step says nothing about this one; its cursor is dropped with it and the next reading starts anew.
    if (current === null || current.identity.uid !== run.identity.uid) return;
    if (current.state.attempt !== run.state.attempt || judging(current.state) === null) return;
    this.#guard(service, current, () => this.#judge(service, current, outcome, calledAtMs));
    if (service.verdict?.kind === 'fail') this.tryRollback(service);
  }

  /** Before the first step nothing is judged, but its forecast is made of what stable serves meanwhile. */
  async #measureForecast(service: Service, run: RolloutRecord): Promise<void> {
    const outcome = await this.#read(service.key, run);
    const current = runningRollout(service);
    if (outcome.kind === 'error' || current === null || current.identity.uid !== run.identity.uid) return;
    if (measuresForecast(current)) putRollout(service, measureTraffic(current, outcome.reading));
  }

  async #read(key: ServiceKey, run: RolloutRecord): Promise<ReadingOutcome> {
    const { parts, clock, options } = this.#context;
    if (this.#isHanging(this.#measuring, key)) {
      return { kind: 'error', message: 'the metric source does not answer' };
    }
    const reading = this.#begin(this.#measuring, key, () =>
      parts.metrics.read(key, run.plan, run.metricCursor, clock.nowMs()),
    );
    try {
      return {
        kind: 'read',
        reading: await bounded(clock, options.metricsLimitMs, 'reading the metrics', reading),
      };
    } catch (thrown) {
      return { kind: 'error', message: toSluiceError(thrown, 'metrics-unavailable').message };
    }
  }

  /** A read that hangs is not begun again beside itself, until it is given up for lost. */
  #isHanging(reads: ReadonlyMap<ServiceKey, number>, key: ServiceKey): boolean {
    const begunAtMs = reads.get(key);
    return begunAtMs !== undefined && this.#context.clock.nowMs() < begunAtMs + lostReadMs;
  }

  #begin<Value>(reads: Map<ServiceKey, number>, key: ServiceKey, work: () => Promise<Value>): Promise<Value> {
    const begunAtMs = this.#context.clock.nowMs();
    reads.set(key, begunAtMs);
    const reading = work();
    const free = (): void => {
      if (reads.get(key) === begunAtMs) reads.delete(key);
    };
    reading.then(free, free);
    return reading;
  }

  #judge(service: Service, run: RolloutRecord, outcome: ReadingOutcome, calledAtMs: number): void {
    const { parts, clock } = this.#context;
    const nowMs = clock.nowMs();
    const { record, verdict } = judgeReading(parts.judgeOf, run, outcome, service.signals, calledAtMs, nowMs);
    if (verdict !== null) service.signals = [];
    putRollout(service, record);
    const before = service.verdict;
    service.verdict = verdict ?? (record.judged?.attempt === run.judged?.attempt ? before : null);
    if (verdict === null) return;
    if (outcome.kind === 'read') parts.recorder.measure(measurementsOf(record, outcome.reading));
    const events = [
      ...(isNews(before, verdict) ? [verdictEvent(record, verdict, nowMs)] : []),
      ...newlyFailed(run.shadows, record.shadows).map((shadow) => shadowEvent(record, shadow, nowMs)),
    ];
    if (events.length > 0) {
      service.writer.queue({ rollouts: [record], events });
      service.lastWriteAtMs = nowMs;
    }
  }

  /** Takes the verdict up again after a restart. */
  resume(service: Service): void {
    const run = runningRollout(service);
    if (run === null) return;
    this.#guard(service, run, () => {
      const judge = this.#context.parts.judgeOf(run.plan.judging.judge);
      service.verdict = verdictOfState(judge, run, this.#context.clock.nowMs());
    });
  }

  /** Decides on what is known now and carries it out. While a write is under way only what a rollback needs. */
  decide(service: Service): void {
    const run = activeRollout(service);
    if (run === null || service.poisoned === run.identity.uid) return;
    if (service.writer.busy && run.state.decidedAtMs === null) {
      this.#lookAgain(service, run, null);
      return this.tryRollback(service);
    }
    this.#guard(service, run, () => this.#commit(service, run, this.#decision(service, run, service.blind)));
  }

  /**
   * Decides with what was last known, without any read, and acts on it only if it is the decision to go back. Called
   * whenever something arrives that may cause one: a person's word, a failing verdict, a webhook's answer.
   */
  tryRollback(service: Service): void {
    const run = runningRollout(service);
    if (run === null || run.state.decidedAtMs !== null || service.poisoned === run.identity.uid) return;
    this.#guard(service, run, () => {
      const decision = this.#decision(service, run, false);
      if (decision.state.decidedAtMs !== null) this.#commit(service, run, decision);
    });
  }

  /** The data plane has acknowledged weight 0: that is known from now on, whatever can be read. */
  lowered(service: Service, uid: string): void {
    const run = runningRollout(service);
    if (run === null || run.identity.uid !== uid) return;
    const route = {
      routing: { kind: 'weight', weightPercent: 0 },
      tombstone: uid,
      inForce: true,
      evidence: 'programmed',
      foreignWriter: null,
    } as const;
    // How much is in flight was seen before the write, so it says nothing now.
    service.sight = { ...service.sight, canary: null, route };
    service.blind = false;
    service.troubles.delete('rollback');
    this.decide(service);
    this.#context.queue.add(service.key);
  }

  #decision(service: Service, run: RolloutRecord, blind: boolean): Decision {
    const { parts, clock } = this.#context;
    return parts.decide({
      identity: run.identity,
      plan: run.plan,
      state: run.state,
      observation: observationOf(service, run, blind ? noSight : service.sight, parts.platform.bootId),
      nowMs: clock.nowMs(),
    });
  }

  #commit(service: Service, run: RolloutRecord, decision: Decision): void {
    const { clock, options } = this.#context;
    const nowMs = clock.nowMs();
    const record = decision.state === run.state ? run : { ...run, state: decision.state };
    const events = this.#eventsOf(service, record, decision, nowMs);
    const isDue = nowMs - service.lastWriteAtMs >= options.digestEveryMs;
    const canary = canaryAfter(service.canary, record, decision);
    if (decision.effects.some(isLowering)) this.effects.lower(service, run.identity);
    putRollout(service, record);
    if (record !== run || events.length > 0 || isDue) {
      service.canary = canary ?? service.canary;
      service.lastWriteAtMs = nowMs;
      service.writer.queue({
        rollouts: [record],
        events,
        ...(canary === null ? {} : { canaries: [canary] }),
      });
      this.#forgetConsumed(service, record, decision);
      for (const outcome of decision.actions) service.outcomes.get(outcome.id)?.(outcome);
      this.#context.changed(service.key);
    }
    if (run.state.inForceSinceMs === null && record.state.inForceSinceMs !== null)
      this.#context.queue.add(service.key);
    this.effects.run(service, record, this.#ready(service, record, decision));
    for (const effect of eventHooks(record, decision.transitions)) this.effects.tell(service, record, effect);
    this.#plan(service, record, decision, nowMs);
  }

  #eventsOf(
    service: Service,
    record: RolloutRecord,
    decision: Decision,
    nowMs: number,
  ): readonly RecordEvent[] {
    const fresh = decision.effects.filter((effect) => !service.recordedEffects.has(effect.id));
    for (const effect of fresh) service.recordedEffects.add(effect.id);
    return [
      ...decision.actions.map((outcome) => outcomeEvent(record, outcome)),
      ...decision.transitions.map((transition) => transitionEvent(record, transition)),
      ...fresh.map((effect) => effectEvent(record, effect, nowMs)),
    ];
  }

  #forgetConsumed(service: Service, record: RolloutRecord, decision: Decision): void {
    const { name } = record.identity;
    const consumed = new Set(record.state.consumedActions);
    const open = new Set(
      record.state.hooks.filter((hook) => hook.answeredAtMs === null).map((hook) => hook.id),
    );
    service.actions = service.actions.filter(
      (entry) => entry.rollout !== name || !consumed.has(entry.action.id),
    );
    service.answers = service.answers.filter((entry) => entry.rollout !== name || open.has(entry.answer.id));
    if (!isEnded(record) || decision.transitions.length === 0) return;
    this.#context.lane.forget(record.identity.uid);
    service.signals = [];
    service.verdict = null;
    service.unsettled = true;
  }

  /** What may be done now: all, or while the decision is not on disk only what a rollback needs. */
  #ready(service: Service, record: RolloutRecord, decision: Decision): readonly Effect[] {
    const notices = [...service.notices, ...decision.effects.filter((effect) => effect.kind === 'notify')];
    service.notices = service.writer.busy ? notices : [];
    if (service.writer.busy) return decision.effects.filter((effect) => isFreeOfDisk(record, effect));
    return [...decision.effects.filter((effect) => effect.kind !== 'notify'), ...notices];
  }

  #plan(service: Service, record: RolloutRecord, decision: Decision, nowMs: number): void {
    const { options, queue } = this.#context;
    const { endedAtMs } = record.state;
    if (endedAtMs !== null) {
      const isLeft = decision.effects.length > 0 || service.writer.busy;
      if (isLeft && nowMs < endedAtMs + trailingMs)
        return queue.addAt(service.key, nowMs + options.readEveryMs);
      service.finished = record.identity.uid;
      return queue.add(service.key);
    }
    this.#lookAgain(service, record, decision.wakeAtMs);
  }

  #lookAgain(service: Service, run: RolloutRecord, wakeAtMs: number | null): void {
    const { options, queue, clock } = this.#context;
    const nowMs = clock.nowMs();
    const readEveryMs = Math.min(options.readEveryMs, Math.max(50, run.plan.judging.intervalMs / 4));
    const lookMs = nowMs + (judging(run.state) === null ? options.lookEveryMs : readEveryMs);
    queue.addAt(service.key, Math.max(nowMs + 1, Math.min(lookMs, wakeAtMs ?? lookMs)));
  }

  /** Runs one rollout's part of the core. What it throws is a bug: that rollout stops there, its traffic as it is, and others go on. */
  #guard(service: Service, run: RolloutRecord, work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.#poison(service, run, thrown);
    }
  }

  #poison(service: Service, run: RolloutRecord, thrown: unknown): void {
    const { parts, clock } = this.#context;
    const { uid, name } = run.identity;
    const cause =
      thrown instanceof AssertionFailure ? thrown.message : toSluiceError(thrown, 'internal').message;
    const message = `${name} was stopped by a bug, its traffic left as it is: ${cause}`;
    service.poisoned = uid;
    service.troubles.set('bug', message);
    parts.log('error', message);
    service.writer.queue({
      events: [engineEvent(service.key, name, `${uid}/stopped`, message, clock.nowMs())],
    });
    const notice: Effect = { kind: 'notify', id: `${uid}/stopped`, severity: 'error', message };
    this.effects.run(service, run, [notice]);
    this.#context.changed(service.key);
  }
}

function isLowering(effect: Effect): boolean {
  return effect.kind === 'setRoute' && effect.route.tombstone;
}

/** What a rollback does without waiting for the disk: the weight, and stable's capacity or template. */
function isFreeOfDisk(run: RolloutRecord, effect: Effect): boolean {
  if (isLowering(effect)) return true;
  return run.state.decidedAtMs !== null && effect.kind === 'setArm' && effect.arm === 'stable';
}

function newlyFailed(
  before: readonly ShadowRecord[],
  after: readonly ShadowRecord[],
): readonly ShadowRecord[] {
  const failed = new Set(before.flatMap(({ judge, failedAtMs }) => (failedAtMs === null ? [] : judge)));
  return after.filter(({ judge, failedAtMs }) => failedAtMs !== null && !failed.has(judge));
}

/** Worth a write of its own: the first verdict of its kind, and each failed check. */
function isNews(before: Verdict | null, verdict: Verdict): boolean {
  if (before === null) return verdict.atMs !== null;
  return before.kind !== verdict.kind || before.failedChecks !== verdict.failedChecks;
}

/**
 * The promoted snapshot changes in the write of the transition to Promoted and not before: until then a rollback, a reboot
 * and a back-out all mean the version that served when the run began.
 */
function canaryAfter(canary: CanaryRecord, run: RolloutRecord, decision: Decision): CanaryRecord | null {
  if (!decision.transitions.some((transition) => transition.to === 'Promoted')) return null;
  return promotedCanary(canary, run);
}
