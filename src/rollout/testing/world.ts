import type { Verdict, VerdictKind } from '../../analysis/judge.ts';
import { assert } from '../../lib/assert.ts';
import { type Decision, decide, type RolloutIdentity } from '../decide.ts';
import type { Effect, Transition } from '../effect.ts';
import { isTerminal, startRollout } from '../lifecycle.ts';
import type { Action, ActionKind, HookAnswerKind, Observation } from '../observation.ts';
import type { Plan } from '../plan.ts';
import type { RolloutState } from '../state.ts';
import { judging } from '../verdict.ts';
import { identity as defaultIdentity, observation, plan as defaultPlan, verdict } from './fixtures.ts';

/**
 * A tiny world in virtual time that does what effects say, for tests of whole runs. Its members are what a test may bend;
 * it has a lifecycle, so it is a class.
 */
export class World {
  state: RolloutState;
  nowMs = 0;
  observation: Observation;
  readonly plan: Plan;
  readonly identity: RolloutIdentity;
  readonly transitions: Transition[] = [];
  readonly effects: Effect[] = [];
  /** Verdict that the judge gives while it judges. */
  verdictKind: VerdictKind = 'pass';
  /** What else it says. */
  verdictPatch: Partial<Verdict> = {};
  /** Answers by hook name; a hook without one stays silent. */
  answers: Readonly<Record<string, HookAnswerKind>> = {};
  /** The data plane applies no route while false. */
  applies = true;
  /** Replicas become ready while true. */
  starts = true;
  #judgedAttempt = 0;
  #judgedMs = 0;

  constructor(
    options: {
      readonly plan?: Partial<Plan>;
      readonly identity?: RolloutIdentity;
      readonly observation?: Partial<Observation>;
    } = {},
  ) {
    this.plan = defaultPlan(options.plan);
    this.identity = options.identity ?? defaultIdentity;
    this.observation = observation(options.observation);
    this.state = startRollout({ identity: this.identity, plan: this.plan, nowMs: 0 });
  }

  /** One look, and the world follows. */
  tick(stepMs = 10_000): Decision {
    this.#judge(stepMs);
    const decision = this.#decideTwice();
    this.state = decision.state;
    this.transitions.push(...decision.transitions);
    for (const effect of decision.effects) this.#follow(effect);
    this.nowMs += stepMs;
    return decision;
  }

  /** Every look is taken twice: with the same picture there is nothing more to do (N8). */
  #decideTwice(): Decision {
    const input = {
      identity: this.identity,
      plan: this.plan,
      observation: this.observation,
      nowMs: this.nowMs,
    };
    const decision = decide({ ...input, state: this.state });
    const again = decide({ ...input, state: decision.state });
    assert(
      again.state === decision.state,
      `a second look keeps ${decision.state.name}/${decision.state.phase}`,
    );
    assert(again.transitions.length === 0 && again.actions.length === 0, 'a second look takes no transition');
    assert(worldly(again) === worldly(decision), 'a second look asks for the same');
    assert(
      isTerminal(decision.state) === (decision.wakeAtMs === null),
      'a running rollout is looked at again',
    );
    assert(decision.wakeAtMs === null || decision.wakeAtMs > this.nowMs, 'the next look is later');
    return decision;
  }

  /** Looks until the condition holds. */
  until(condition: (state: RolloutState) => boolean, stepMs = 10_000): RolloutState {
    for (let count = 0; count < 2_000; count += 1) {
      if (condition(this.state)) return this.state;
      this.tick(stepMs);
    }
    assert(
      false,
      `the condition is reached, but it rests in ${this.state.name}/${this.state.phase} (${this.state.reason})`,
    );
  }

  untilEnd(): RolloutState {
    return this.until(isTerminal);
  }

  act(kind: ActionKind, patch: Partial<Action> = {}): void {
    const action: Action = {
      id: `a${this.observation.actions.length + 1}`,
      kind,
      actor: { kind: 'person', name: 'ann' },
      reason: '',
      atMs: this.nowMs,
      ...patch,
    };
    this.observation = { ...this.observation, actions: [...this.observation.actions, action] };
  }

  /** The transitions so far, one line each. */
  story(): readonly string[] {
    return this.transitions.map((transition) => `${transition.to} ${transition.reason}`);
  }

  #judge(stepMs: number): void {
    const judged = judging(this.state);
    if (judged === null) return;
    if (judged.attempt !== this.#judgedAttempt) {
      this.#judgedAttempt = judged.attempt;
      this.#judgedMs = 0;
    } else this.#judgedMs += stepMs;
    this.observation = {
      ...this.observation,
      verdictAttempt: judged.attempt,
      verdict: verdict({
        kind: this.verdictKind,
        atMs: this.nowMs,
        judgedMs: this.#judgedMs,
        failedChecks: this.verdictKind === 'fail' ? 3 : 0,
        ...this.verdictPatch,
      }),
    };
  }

  #follow(effect: Effect): void {
    this.effects.push(effect);
    const seen = this.observation;
    switch (effect.kind) {
      case 'setRoute':
        if (seen.route === null || !this.applies) return;
        this.observation = {
          ...seen,
          route: {
            ...seen.route,
            routing: effect.route.routing,
            tombstone: effect.route.tombstone ? this.identity.uid : null,
            inForce: true,
          },
        };
        return;
      case 'setArm': {
        const arm = seen[effect.arm];
        if (arm === null) return;
        const ready = this.starts ? effect.replicas : 0;
        const old =
          arm.revision === effect.revision ? arm.readyOfOtherRevisions : this.starts ? 0 : arm.ready;
        this.observation = {
          ...seen,
          [effect.arm]: {
            ...arm,
            revision: effect.revision,
            replicas: effect.replicas,
            ready,
            available: ready,
            readyOfOtherRevisions: old,
          },
        };
        return;
      }
      case 'setFloor':
        if (seen.stable !== null)
          this.observation = { ...seen, stable: { ...seen.stable, floor: effect.replicas } };
        return;
      case 'callHook': {
        const kind = this.answers[effect.hook.name];
        if (kind !== undefined)
          this.observation = {
            ...seen,
            hookAnswers: [...seen.hookAnswers, { id: effect.id, kind, atMs: this.nowMs, message: '' }],
          };
        return;
      }
      case 'notify':
        this.observation = { ...seen, sent: [...seen.sent, effect.id] };
        return;
      case 'closeStreams':
        return;
    }
  }
}

/** Notices are told per transition, so only the latest one is told again. */
function worldly(decision: Decision): string {
  return JSON.stringify(decision.effects.filter((effect) => effect.kind !== 'notify'));
}
