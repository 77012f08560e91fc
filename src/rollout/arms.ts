import type { Context } from './context.ts';
import type { ArmObservation } from './observation.ts';
import type { Plan, Routing } from './plan.ts';
import type { RolloutState } from './state.ts';

export type Mode =
  /** First revision of a service: nothing to compare with. */
  | 'first'
  /** Rolling, Recreate: the one arm is changed in place. */
  | 'inPlace'
  | 'twoArm';

export function modeOf(context: Pick<Context, 'identity' | 'plan'>): Mode {
  if (context.identity.stableRevision === null) return 'first';
  return context.plan.strategy === 'Rolling' || context.plan.strategy === 'Recreate' ? 'inPlace' : 'twoArm';
}

/** Replicas that the canary needs for a routing. Weights round up, so that the canary is never thinner than stable. */
export function canaryReplicas(plan: Plan, routing: Routing): number {
  if (plan.canarySize === 'full' || routing.kind === 'match' || routing.kind === 'none') return plan.replicas;
  const percent = routing.kind === 'weight' ? routing.weightPercent : routing.percent;
  return Math.max(1, Math.ceil((plan.replicas * percent) / 100));
}

/** Available replicas that count as enough: rounded down as Flagger does, but never none. */
export function enough(replicas: number, readyPercent: number): number {
  return Math.max(1, Math.floor((replicas * readyPercent) / 100));
}

/** The canary runs the judged revision with enough endpoints for what it is asked to carry (SPEC N2). */
export function canarySuffices(context: Context, state: RolloutState): boolean {
  const arm = context.observation.canary;
  return (
    arm !== null &&
    arm.revision === state.canary.revision &&
    arm.available >= enough(state.canary.replicas, context.plan.canaryReadyPercent)
  );
}

/** Stable can carry all traffic: enough endpoints, of whatever revision. */
export function stableSuffices(context: Context): boolean {
  const arm = context.observation.stable;
  const { plan } = context;
  return (
    arm !== null &&
    arm.revision !== null &&
    arm.available + arm.readyOfOtherRevisions >= enough(plan.replicas, plan.stableReadyPercent)
  );
}

/** Stable runs `state.stable.revision` alone, with enough endpoints. */
export function stableRolledOut(context: Context, state: RolloutState): boolean {
  const arm = context.observation.stable;
  return (
    arm !== null &&
    isAlone(arm, state.stable.revision) &&
    arm.available >= enough(state.stable.replicas, context.plan.stableReadyPercent)
  );
}

/** No endpoint of another revision than this is left in the arm. */
export function isAlone(arm: ArmObservation, revision: string): boolean {
  return arm.revision === revision && arm.readyOfOtherRevisions === 0;
}
