import type { VerdictKind } from '../../analysis/judge.ts';
import { assert } from '../../lib/assert.ts';
import { type Decision, decide, type DecideInput } from '../decide.ts';
import type { ActionKind, HookAnswerKind, Observation } from '../observation.ts';
import type { Plan } from '../plan.ts';
import { originOf } from '../origin.ts';
import type { Situation } from '../situations.ts';
import type { Reason, RolloutState, StateName } from '../state.ts';
import { arm, hook, identity, observation, step, verdict } from './fixtures.ts';
import { World } from './world.ts';

/** What a cell of the table says: the state and the reason after one look. */
export type Expected = `${StateName} ${Reason}`;

const tablePlan: Partial<Plan> = {
  steps: [step(10), step(25, { maxMs: 600_000 }), step(50, { approval: true })],
};

const gatedPlan: Partial<Plan> = {
  steps: [step(10), step(25, { maxMs: 600_000 }), step(50)],
  hooks: [
    hook('confirm-rollout', { deadlineMs: 60_000 }),
    hook('pre-rollout', { deadlineMs: 60_000 }),
    hook('confirm-traffic-increase', { deadlineMs: 60_000 }),
    hook('rollback'),
  ],
};

/** The state as a run reaches it, and a picture in which all is as the state asks. */
export function cellInput(name: StateName, situation: Situation): DecideInput {
  const isGated = situation.startsWith('gate') || situation === 'hook-rollback';
  const reached = reach(name, isGated ? gatedPlan : tablePlan);
  const { state } = reached;
  const base: DecideInput = {
    identity,
    plan: reached.plan,
    state: { ...state, lastSeenAtMs: reached.nowMs },
    nowMs: reached.nowMs,
    observation: asAsked(state),
  };
  return arrange(base, situation);
}

export function decideCell(input: DecideInput): Decision {
  return decide(input);
}

function reach(name: StateName, patch: Partial<Plan>): World {
  const world = new World({ plan: patch });
  world.answers = {
    'confirm-rollout': 'passed',
    'pre-rollout': 'passed',
    'confirm-traffic-increase': 'passed',
  };
  if (name === 'Pending') return world;
  if (name === 'Starting') {
    world.starts = false;
    world.answers = { 'confirm-rollout': 'passed' };
    return until(world, (state) => state.phase === 'scale');
  }
  if (name === 'Stepping') {
    until(world, (state) => state.name === 'Holding' && state.step === 0);
    world.applies = false;
    return until(world, (state) => state.name === 'Stepping' && state.phase === 'shift');
  }
  until(world, (state) => state.name === 'Holding' && state.step === 1);
  if (name === 'Holding') return world;
  if (name === 'AwaitingApproval') world.answers = { 'confirm-traffic-increase': 'refused' };
  else if (name === 'Paused') world.act('pause');
  else if (name === 'Aborted') world.act('rollback');
  else if (name === 'Superseded') world.observation = { ...world.observation, wantedRevision: 'other' };
  else if (name === 'RollingBack' || name === 'RolledBack') {
    world.verdictKind = 'fail';
    world.applies = name === 'RolledBack';
  } else return reachPromotion(world, name);
  return until(world, (state) => state.name === name);
}

function reachPromotion(world: World, name: StateName): World {
  if (name === 'Promoting') world.applies = false;
  world.act('promote');
  until(world, (state) => state.name === 'Promoting');
  // A bake is skipped by `promote`, so the table's Baking is reached as a run without it would.
  world.state = { ...world.state, skipRest: 'none' };
  if (name === 'Promoting') return until(world, (state) => state.phase === 'shift');
  until(world, (state) => state.name === 'Baking');
  if (name === 'Baking') return world;
  if (name === 'Draining' || name === 'Failed') world.starts = false;
  until(world, (state) => state.name === 'Draining');
  if (name === 'Failed' && world.observation.stable !== null) {
    world.observation = {
      ...world.observation,
      stable: { ...world.observation.stable, revision: 'new', failure: 'crash loop' },
    };
  }
  return name === 'Draining' ? world : until(world, (state) => state.name === name);
}

function until(world: World, condition: (state: RolloutState) => boolean): World {
  world.until(condition);
  return world;
}

function asAsked(state: RolloutState): Observation {
  return observation({
    stable: arm(state.stable.revision, state.stable.replicas, { floor: 4 }),
    canary: state.canary.replicas === 0 ? arm(null, 0) : arm(state.canary.revision, state.canary.replicas),
    route: {
      routing: state.route.routing,
      tombstone: null,
      inForce: true,
      evidence: 'programmed',
      foreignWriter: null,
    },
  });
}

const verdicts: Readonly<Partial<Record<Situation, VerdictKind>>> = {
  'hold-over-pass': 'pass',
  'check-failed': 'fail',
  suspect: 'suspect',
  'no-data': 'noData',
  'provider-error': 'providerError',
  'not-enough-data': 'notEnoughData',
};

const seen: Readonly<Partial<Record<Situation, (from: Observation) => Partial<Observation>>>> = {
  'canary-not-ready': ({ canary }) => ({
    canary: canary === null ? null : { ...canary, available: 0, ready: Math.min(1, canary.ready) },
  }),
  'canary-crashed': ({ canary }) => ({
    canary: canary === null ? null : { ...canary, available: 0, ready: 0, restarts: 2 },
  }),
  'canary-failed': ({ canary }) => ({
    canary: canary === null ? null : { ...canary, failure: 'command not found' },
  }),
  'stable-lost': ({ stable }) => ({ stable: stable === null ? null : { ...stable, available: 2, ready: 2 } }),
  'stable-gone': ({ stable }) => ({ stable: stable === null ? null : { ...stable, available: 0, ready: 0 } }),
  'stable-failed': ({ stable }) => ({
    stable: stable === null ? null : { ...stable, available: 0, ready: 0, failure: 'crash loop' },
  }),
  'platform-unreadable': () => ({ stable: null, canary: null, route: null }),
  'route-not-in-force': ({ route }) => ({ route: route === null ? null : { ...route, inForce: false } }),
  'route-lowered': ({ route }) => ({
    route: route === null ? null : { ...route, routing: { kind: 'weight', weightPercent: 1 } },
  }),
  'route-foreign': ({ route }) => ({ route: route === null ? null : { ...route, foreignWriter: 'kubectl' } }),
  'tombstone-seen': ({ route }) => ({
    route:
      route === null
        ? null
        : { ...route, routing: { kind: 'weight', weightPercent: 0 }, tombstone: identity.uid },
  }),
  'new-revision': () => ({ wantedRevision: 'other' }),
  'back-out': () => ({ wantedRevision: 'old' }),
  'target-gone': () => ({ wantedRevision: null }),
  deleting: () => ({ deleting: true }),
  suspended: () => ({ suspended: true }),
  rebooted: () => ({ rebooted: true }),
};

const gateAnswers: Readonly<Partial<Record<Situation, HookAnswerKind | null>>> = {
  'gate-open': 'passed',
  'gate-refused': 'refused',
  'gate-silent': null,
  'gate-deadline': null,
};

const actionKinds: ReadonlySet<string> = new Set([
  'promote',
  'advance',
  'pause',
  'resume',
  'rollback',
  'retry',
  'approve',
  'reject',
]);

function arrange(base: DecideInput, situation: Situation): DecideInput {
  const isGate = situation in gateAnswers;
  const kind = verdicts[situation] ?? 'pass';
  const isOver = situation === 'hold-over-pass' || isGate;
  const judgedMs = isOver ? 10_000_000 : 1_000;
  const judged: DecideInput = {
    ...base,
    observation: {
      ...base.observation,
      verdict: verdict({ kind, judgedMs, failedChecks: kind === 'fail' ? 3 : 0 }),
      verdictAttempt: base.state.attempt,
      ...seen[situation]?.(base.observation),
    },
  };
  if (actionKinds.has(situation)) return withAction(judged, situation as ActionKind);
  if (situation === 'hook-rollback') return withRollbackHook(judged);
  if (isGate) return atGate(judged, situation);
  if (situation === 'deadline-passed') return late(judged, 0);
  return situation === 'outage-gap' ? late(judged, 3_600_000) : judged;
}

function withAction(input: DecideInput, kind: ActionKind): DecideInput {
  const action = {
    id: 'a99',
    kind,
    actor: { kind: 'person', name: 'ann' },
    reason: '',
    atMs: input.nowMs,
  } as const;
  return { ...input, observation: { ...input.observation, actions: [action] } };
}

function withRollbackHook(input: DecideInput): DecideInput {
  const asked = input.state.hooks.filter((known) => known.name === 'rollback' && known.passed === null);
  const hookAnswers = asked.map(({ id }) => ({
    id,
    kind: 'passed' as const,
    atMs: input.nowMs,
    message: '',
  }));
  return { ...input, observation: { ...input.observation, hookAnswers } };
}

/** The gate is called, and an interval later it has answered, or not. */
function atGate(input: DecideInput, situation: Situation): DecideInput {
  const called = { ...input, nowMs: input.nowMs + 10_000 };
  const { state } = decide(called);
  const origin = originOf(state);
  const isBefore = origin === 'Pending' || origin === 'Starting' || origin === 'Holding';
  if (state.name !== input.state.name && !isBefore) return called;
  const kind = gateAnswers[situation] ?? null;
  const hookAnswers = state.hooks.flatMap((asked) =>
    asked.passed === true || asked.name === 'rollback' || kind === null
      ? []
      : [{ id: asked.id, kind, atMs: input.nowMs, message: '' }],
  );
  const nowMs = situation === 'gate-deadline' ? called.nowMs + 100_000 : called.nowMs;
  return {
    ...called,
    state: { ...state, lastSeenAtMs: nowMs },
    nowMs,
    observation: { ...input.observation, hookAnswers },
  };
}

/** Its deadline has passed without what it waits for; after an outage that does not count. */
function late(input: DecideInput, gapMs: number): DecideInput {
  const { state, observation: before } = input;
  const nowMs = Math.max(input.nowMs + gapMs, (state.deadlineMs ?? input.nowMs) + 1);
  const { canary, route, stable } = before;
  assert(canary !== null && route !== null && stable !== null, 'the cell begins readable');
  const missing: Readonly<Partial<Record<StateName, Partial<Observation>>>> = {
    Starting: { canary: { ...canary, ready: 0, available: 0 } },
    Stepping: { route: { ...route, inForce: false } },
    Promoting: { route: { ...route, inForce: false } },
    Draining: { stable: { ...stable, available: 0, ready: 0 } },
  };
  return {
    ...input,
    nowMs,
    state: { ...state, lastSeenAtMs: gapMs > 0 ? input.nowMs : nowMs },
    observation: { ...before, ...missing[state.name] },
  };
}
