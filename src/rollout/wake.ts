import type { Context } from './context.ts';
import { flapMs, heartbeatMs } from './deadlines.ts';
import { gatesFrom } from './gates.ts';
import { askedOf, nextCallAtMs } from './hook-calls.ts';
import { isTerminal } from './lifecycle.ts';
import { polledHooks } from './polls.ts';
import type { Reason, RolloutState } from './state.ts';
import { heldMs } from './verdict.ts';

/** A deadline that cannot be acted on now (an unreadable platform) is looked at again this much later. */
const againMs = 1_000;

/** Liveness (SPEC N14) hangs on it: the instant at which time alone can change something; the heartbeat at the latest while the run is on (SPEC R62). */
export function wakeAtMs(context: Context, state: RolloutState): number | null {
  if (isTerminal(state)) return null;
  const instants = [
    state.lastSeenAtMs + heartbeatMs,
    ...deadlines(context, state),
    ...calls(context, state),
    ...holdEnd(context, state),
  ];
  const { nowMs } = context;
  const next = Math.min(...instants.map((instant) => (instant > nowMs ? instant : nowMs + againMs)));
  return next;
}

function deadlines(context: Context, state: RolloutState): readonly number[] {
  const since = state.notReadySinceMs;
  const health =
    since === null
      ? []
      : [since + flapMs, since + context.plan.progressDeadlineMs].filter(
          (instant) => instant > context.nowMs,
        );
  const own =
    state.deadlineMs !== null && (state.deadlineMs > context.nowMs || !hasSaidSo(state))
      ? [state.deadlineMs]
      : [];
  const slow =
    context.plan.slowAfterMs === null
      ? []
      : [state.startedAtMs + context.plan.slowAfterMs].filter((instant) => instant > context.nowMs);
  return [...own, ...health, ...slow];
}

const saidReasons: ReadonlySet<Reason> = new Set([
  'weight-not-verified',
  'inconclusive',
  'suspect',
  'environment',
]);

/** The deadline has passed and all it does is said: nothing more comes of looking. */
function hasSaidSo(state: RolloutState): boolean {
  return saidReasons.has(state.reason);
}

function calls(context: Context, state: RolloutState): readonly number[] {
  const origin = state.name === 'AwaitingApproval' ? (state.resume ?? state.name) : state.name;
  const gates = gatesFrom(context, state, origin).flatMap((gate) =>
    gate.kind === 'hook' ? [gate.hook] : [],
  );
  return [...gates, ...polledHooks(context, state).flat()].flatMap((hook) => {
    const asked = askedOf(state, hook.name);
    if (asked === null) return [];
    const deadline =
      hook.deadlineMs === null || asked.passed === true ? [] : [asked.firstAskedAtMs + hook.deadlineMs];
    const again = asked.passed === null ? [] : [nextCallAtMs(context, asked)];
    return [...deadline, ...again].filter((instant) => instant > context.nowMs);
  });
}

function holdEnd(context: Context, state: RolloutState): readonly number[] {
  const needMs =
    state.name === 'Baking'
      ? context.plan.bakeMs
      : state.name === 'Holding'
        ? (context.plan.steps[state.step]?.holdMs ?? 0)
        : null;
  if (needMs === null || state.inForceSinceMs === null) return [];
  const leftMs = needMs - heldMs(context, state);
  return leftMs > 0 ? [context.nowMs + leftMs] : [];
}
