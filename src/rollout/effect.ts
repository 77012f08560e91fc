import type { HookPlan, RollParameters } from './plan.ts';
import type { Actor, Reason, RouteIntent, StateName } from './state.ts';

export type Arm = 'stable' | 'canary';

/**
 * Something to do in the world, as data. Idempotent: doing it twice is doing it once. `id` is made of rollout uid, step and
 * attempt, so a repeat after a crash carries the same id. `decide` gives the same effect again until it sees the world so.
 */
export type Effect =
  /** Write the route. With `route.tombstone` it is a rollback's: it overtakes everything and waits for nothing (N5). */
  | { readonly kind: 'setRoute'; readonly id: string; readonly route: RouteIntent }
  /** Set what an arm runs and how many. The platform rolls it as told. */
  | {
      readonly kind: 'setArm';
      readonly id: string;
      readonly arm: Arm;
      readonly revision: string;
      readonly replicas: number;
      readonly roll: RollParameters;
    }
  /** Ask long streams (WebSocket, server streams) of the arm to close. */
  | { readonly kind: 'closeStreams'; readonly id: string; readonly arm: Arm }
  /** Stable may not be scaled below this by anyone until lifted with 0. */
  | { readonly kind: 'setFloor'; readonly id: string; readonly replicas: number }
  | {
      readonly kind: 'callHook';
      readonly id: string;
      readonly hook: HookPlan;
      /** Flagger's phase word for the payload. */
      readonly phase: string;
    }
  | {
      readonly kind: 'notify';
      readonly id: string;
      readonly severity: 'info' | 'warn' | 'error';
      readonly message: string;
    };

/** A transition to be recorded exactly once (N10). `id` is `<uid>/<n>` with n = `state.transitions` after it. */
export interface Transition {
  readonly id: string;
  readonly from: StateName;
  readonly to: StateName;
  readonly reason: Reason;
  readonly message: string;
  readonly actor: Actor;
  readonly step: number;
  readonly atMs: number;
}
