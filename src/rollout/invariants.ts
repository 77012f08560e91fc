import { canarySuffices } from './arms.ts';
import type { Decision, DecideInput } from './decide.ts';
import type { Effect } from './effect.ts';
import { isTerminal } from './lifecycle.ts';
import { allToCanary, describeRouting, sameRouting, touchesCanary, userShare } from './routing.ts';
import type { RolloutState } from './state.ts';
import { isFoundRoute, isTrafficGone } from './verified.ts';

/** A decision beside what it was made of. `before` and `after` are the two states. */
interface Look {
  readonly input: DecideInput;
  readonly decision: Decision;
  readonly before: RolloutState;
  readonly after: RolloutState;
}

type Check = (look: Look) => string | null;

/**
 * The invariants of SPEC.md as far as one decision shows them, each stated anew and not by way of the rules. Called at the end
 * of every `decide`, in production too, and by the simulator after every event. Empty: all hold.
 */
export function checkInvariants(input: DecideInput, decision: Decision): readonly string[] {
  const look: Look = { input, decision, before: input.state, after: decision.state };
  return Object.entries(checks).flatMap(([name, check]) => {
    const broken = check(look);
    return broken === null ? [] : [`${name}: ${broken}`];
  });
}

const checks: Readonly<Record<string, Check>> = {
  N1: raisedOnlyWithClearance,
  N2: raisedOnlyOntoEnough,
  N3: nothingReducedUnderTraffic,
  N4: weightOnlyFallsAfterDecision,
  N5: rollbackWritesFirst,
  N6: noPassWithoutData,
  N9: stableKeepsItsCapacity,
  N10: transitionsAreNumbered,
  N11: gatesOpenByTheirOwnAnswer,
  N12: restartsFromZero,
};

/** While the route is somebody else's (Paused), the state only says what was found. */
function isRise(look: Look): boolean {
  if (isFoundRoute(look.after)) return false;
  return userShare(look.after.route.routing) > userShare(look.before.route.routing);
}

/** The rescue, and the resumption of a promotion, raise to a share that was cleared before. */
function raisedOnlyWithClearance(look: Look): string | null {
  if (!isRise(look) || look.after.phase === 'rescue') return null;
  const { after, input } = look;
  const { steps } = input.plan;
  const { routing } = after.route;
  const own = steps[after.step];
  const { clearance } = after;
  if (own !== undefined) {
    if (!sameRouting(own.routing, routing)) return `the weight rose beyond step ${after.step + 1}`;
    return after.step === 0 || clearance?.step === after.step - 1
      ? null
      : `step ${after.step + 1} began without a pass of the one before`;
  }
  const last = steps.at(-1);
  const isKnown =
    sameRouting(routing, allToCanary.routing) || (last !== undefined && sameRouting(routing, last.routing));
  if (!isKnown)
    return `the weight rose beyond the plan: ${describeRouting(look.before.route.routing)} to ${describeRouting(routing)}, ${look.before.name}/${look.before.phase} to ${after.name}/${after.phase}`;
  const isSkipped = clearance?.kind === 'promote' || clearance?.kind === 'skipAnalysis';
  return isSkipped || clearance?.step === steps.length - 1
    ? null
    : 'the promotion began without a pass of the last step';
}

function raisedOnlyOntoEnough(look: Look): string | null {
  if (!isRise(look) || (look.after.phase === 'rescue' && look.after.stableGone)) return null;
  return canarySuffices(look.input, look.after) ? null : 'the weight rose without enough canary endpoints';
}

function nothingReducedUnderTraffic(look: Look): string | null {
  const { canary, stable } = look.input.observation;
  for (const effect of armEffectsOf(look)) {
    const seen = effect.arm === 'canary' ? canary : stable;
    if (seen === null) continue;
    const isLess = effect.replicas < seen.replicas;
    const isOther = seen.replicas > 0 && effect.revision !== seen.revision;
    if (effect.arm === 'canary' && (isLess || isOther) && !isTrafficGone(look.input))
      return 'the canary is reduced before weight 0 is proven';
    if (effect.arm === 'canary' && isLess && !isOther && look.after.phase !== 'scaleDown')
      return 'the canary is reduced before the drain';
    if (effect.arm === 'stable' && isLess) return 'stable is reduced';
  }
  return null;
}

/** The rule that everything else leans on: after a rollback decision the weight may only fall. */
function weightOnlyFallsAfterDecision(look: Look): string | null {
  const { before, after, decision } = look;
  if (after.decidedAtMs === null) return before.decidedAtMs === null ? null : 'a decision was taken back';
  const asked = decision.effects.flatMap((effect) => (effect.kind === 'setRoute' ? [effect.route] : []));
  if (asked.some((route) => touchesCanary(route.routing) || !route.tombstone))
    return 'the route is written with canary traffic after the decision';
  if (isRise(look) || touchesCanary(after.route.routing))
    return 'the weight asked for rose after the decision';
  if (after.name !== 'RollingBack' && !isTerminal(after)) return `${after.name} after the decision`;
  return before.decidedAtMs === null || before.decidedAtMs === after.decidedAtMs
    ? null
    : 'the decision moved in time';
}

function rollbackWritesFirst(look: Look): string | null {
  const { before, after, decision, input } = look;
  if (before.decidedAtMs !== null || after.decidedAtMs === null || after.name !== 'RollingBack') return null;
  if (input.observation.route?.tombstone === input.identity.uid && isTrafficGone(input)) return null;
  const first = decision.effects[0];
  if (first?.kind === 'setRoute' && first.route.tombstone) return null;
  return after.stableGone ? null : 'the decision does not write weight 0 before all else';
}

function noPassWithoutData(look: Look): string | null {
  const { before, after, decision, input } = look;
  const { verdict, verdictAttempt } = input.observation;
  const given =
    after.clearance !== before.clearance && after.clearance?.kind === 'pass' ? after.clearance.attempt : null;
  if (given !== null && (verdict?.kind !== 'pass' || verdictAttempt !== given))
    return 'a step was passed without a passing verdict of its own';
  const isBaked = decision.transitions.some(
    (transition) =>
      transition.from === 'Baking' && (transition.to === 'Draining' || transition.to === 'Promoted'),
  );
  const isSkipped = decision.actions.some(
    (action) => action.accepted && (action.kind === 'promote' || action.kind === 'advance'),
  );
  return isBaked && !isSkipped && verdict?.kind !== 'pass'
    ? 'the bake ended without a passing verdict'
    : null;
}

function stableKeepsItsCapacity(look: Look): string | null {
  if (isTerminal(look.after)) return null;
  const { replicas } = look.input.plan;
  const isLow = (effect: Effect): boolean =>
    (effect.kind === 'setFloor' && effect.replicas < replicas) ||
    (effect.kind === 'setArm' && effect.arm === 'stable' && effect.replicas < replicas);
  return look.decision.effects.some(isLow) ? 'stable falls below what it started with' : null;
}

function transitionsAreNumbered(look: Look): string | null {
  const { before, after, decision, input } = look;
  let from = before.name;
  let count = before.transitions;
  for (const transition of decision.transitions) {
    count += 1;
    if (transition.id !== `${input.identity.uid}/${count}` || transition.from !== from)
      return `transition ${transition.id} is out of order`;
    if (isTerminal({ name: transition.from })) return `${transition.from} is an end and was left`;
    from = transition.to;
  }
  return count === after.transitions && from === after.name ? null : 'a transition is not recorded';
}

function gatesOpenByTheirOwnAnswer(look: Look): string | null {
  const { before, after, decision, input } = look;
  const byHand =
    decision.actions.some((action) => action.accepted && action.kind === 'approve') ||
    after.skipped.length > before.skipped.length;
  for (const asked of after.hooks) {
    if (!asked.id.startsWith(`${input.identity.uid}/${asked.step}/${asked.attempt}/hook/`))
      return `${asked.id} is not bound to its step and attempt`;
    if (asked.passed !== true || before.hooks.some((known) => known.id === asked.id && known.passed === true))
      continue;
    const isAnswered = input.observation.hookAnswers.some(
      (answer) => answer.id === asked.id && answer.kind === 'passed',
    );
    if (!isAnswered && !byHand) return `${asked.id} passed without its answer`;
  }
  return null;
}

/** Whatever ends a run early ends it after weight 0 was proven, the superseded one included. */
function restartsFromZero(look: Look): string | null {
  const { before, after, input } = look;
  if (before.restoredAtMs === null && after.restoredAtMs !== null && !isTrafficGone(input))
    return 'restored without proof of weight 0';
  const isEnded = before.name === 'RollingBack' && isTerminal(after);
  return isEnded && after.restoredAtMs === null ? 'the rollback ended before users were safe' : null;
}

function armEffectsOf(look: Look): readonly Extract<Effect, { readonly kind: 'setArm' }>[] {
  return look.decision.effects.filter((effect) => effect.kind === 'setArm');
}
