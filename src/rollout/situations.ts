import { enough, modeOf } from './arms.ts';
import { openActions } from './actions.ts';
import type { DecideInput } from './decide.ts';
import { isReadable, outageMs } from './deadlines.ts';
import { gatesFrom } from './gates.ts';
import { answerTo, askedOf } from './hook-calls.ts';
import { isTerminal } from './lifecycle.ts';
import type { ActionKind, ArmObservation } from './observation.ts';
import { originOf } from './origin.ts';
import { isLowered, sameRouting } from './routing.ts';
import { heldMs, verdictOf } from './verdict.ts';
import { ownsRoute } from './verified.ts';

/** Every situation that a rollout can find itself in. Several may hold at once; `transition-table.test.ts` has a cell for each (SPEC R2). */
export const situations = [
  'all-well',
  'hold-over-pass',
  'check-failed',
  'suspect',
  'no-data',
  'provider-error',
  'not-enough-data',
  'canary-not-ready',
  'canary-crashed',
  'canary-failed',
  'stable-lost',
  'stable-gone',
  'stable-failed',
  'platform-unreadable',
  'route-not-in-force',
  'route-lowered',
  'route-foreign',
  'tombstone-seen',
  'new-revision',
  'back-out',
  'target-gone',
  'deleting',
  'suspended',
  'rebooted',
  'gate-open',
  'gate-refused',
  'gate-silent',
  'gate-deadline',
  'hook-rollback',
  'promote',
  'advance',
  'pause',
  'resume',
  'rollback',
  'retry',
  'approve',
  'reject',
  'deadline-passed',
  'outage-gap',
] as const;

export type Situation = (typeof situations)[number];

/** Names all that holds of an observation for a state; `all-well` only where nothing else does. For coverage, not for deciding. */
export function classify(input: DecideInput): readonly Situation[] {
  const found = [
    ...judgements(input),
    ...arms(input),
    ...routes(input),
    ...wishes(input),
    ...gates(input),
    ...openActions(input, input.state).map((action) => action.kind satisfies ActionKind),
    ...clocks(input),
  ];
  const distinct = situations.filter((situation) => found.includes(situation));
  return distinct.length === 0 ? ['all-well'] : distinct;
}

function judgements(input: DecideInput): readonly Situation[] {
  const { state, plan } = input;
  const verdict = verdictOf(input, state);
  if (verdict === null || isTerminal(state)) return [];
  switch (verdict.kind) {
    case 'pass': {
      const needMs =
        state.name === 'Baking' ? plan.bakeMs : (plan.steps[state.step]?.holdMs ?? Number.POSITIVE_INFINITY);
      return heldMs(input, state) >= needMs ? ['hold-over-pass'] : [];
    }
    case 'fail':
      return ['check-failed'];
    case 'suspect':
      return ['suspect'];
    case 'noData':
      return ['no-data'];
    case 'providerError':
      return ['provider-error'];
    case 'notEnoughData':
      return ['not-enough-data'];
  }
}

function arms(input: DecideInput): readonly Situation[] {
  const { observation, state, plan } = input;
  const { canary, stable } = observation;
  const found: Situation[] = [];
  if (!isReadable(input)) found.push('platform-unreadable');
  if (canary !== null && modeOf(input) === 'twoArm' && state.canary.replicas > 0) {
    if (canary.available < enough(state.canary.replicas, plan.canaryReadyPercent))
      found.push('canary-not-ready');
    if (canary.ready === 0 && canary.restarts > 0) found.push('canary-crashed');
    if (canary.failure !== null) found.push('canary-failed');
  }
  if (stable !== null) {
    const ready = readyOf(stable);
    if (ready === 0) found.push('stable-gone');
    else if (ready < enough(plan.replicas, plan.stableReadyPercent)) found.push('stable-lost');
    if (stable.failure !== null) found.push('stable-failed');
  }
  return found;
}

function readyOf(arm: ArmObservation): number {
  return arm.available + arm.readyOfOtherRevisions;
}

function routes(input: DecideInput): readonly Situation[] {
  const { observation, state, identity } = input;
  const { route } = observation;
  if (route === null) return [];
  const found: Situation[] = [];
  if (route.tombstone === identity.uid) found.push('tombstone-seen');
  if (route.foreignWriter !== null) found.push('route-foreign');
  if (!route.inForce || !sameRouting(route.routing, state.route.routing)) found.push('route-not-in-force');
  if (ownsRoute(input, state) && isLowered(route.routing, state.routeInForce, state.route.routing))
    found.push('route-lowered');
  return found;
}

function wishes(input: DecideInput): readonly Situation[] {
  const { observation, identity } = input;
  const found: Situation[] = [];
  if (observation.deleting) found.push('deleting');
  if (observation.suspended) found.push('suspended');
  if (observation.rebooted) found.push('rebooted');
  const wanted = observation.wantedRevision;
  if (wanted === null) found.push('target-gone');
  else if (wanted === identity.stableRevision) found.push('back-out');
  else if (wanted !== identity.revision) found.push('new-revision');
  return found;
}

function gates(input: DecideInput): readonly Situation[] {
  const { state, observation, nowMs } = input;
  const found: Situation[] = [];
  for (const gate of gatesFrom(input, state, originOf(state))) {
    if (gate.kind === 'person') continue;
    const asked = askedOf(state, gate.hook.name);
    if (asked === null || asked.passed === true) continue;
    const answer = asked.passed === null ? answerTo(input, asked)?.kind : 'refused';
    found.push(answer === undefined ? 'gate-silent' : answer === 'passed' ? 'gate-open' : 'gate-refused');
    if (gate.hook.deadlineMs !== null && nowMs >= asked.firstAskedAtMs + gate.hook.deadlineMs)
      found.push('gate-deadline');
  }
  const rollbackHooks = input.plan.hooks
    .filter((hook) => hook.type === 'rollback')
    .flatMap((hook) => askedOf(state, hook.name) ?? []);
  if (
    rollbackHooks.some((asked) =>
      observation.hookAnswers.some((answer) => answer.id === asked.id && answer.kind === 'passed'),
    )
  )
    found.push('hook-rollback');
  return found;
}

function clocks(input: DecideInput): readonly Situation[] {
  const { state, nowMs } = input;
  if (isTerminal(state)) return [];
  const found: Situation[] = [];
  if (state.deadlineMs !== null && nowMs >= state.deadlineMs) found.push('deadline-passed');
  if (nowMs - state.lastSeenAtMs > outageMs) found.push('outage-gap');
  return found;
}
