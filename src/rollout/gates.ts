import { type Context, patched } from './context.ts';
import { isExpired } from './deadlines.ts';
import { ask, askedOf, hooksOf, isDue, noteAnswer, openByHand } from './hook-calls.ts';
import type { HookPlan, Step } from './plan.ts';
import type { AskedHook, Reason, RolloutState, StateName } from './state.ts';
import { verdictOf } from './verdict.ts';

export type Gate =
  | { readonly kind: 'hook'; readonly hook: HookPlan; readonly reason: Reason }
  | { readonly kind: 'person'; readonly reason: Reason };

export type GateOutcome =
  | { readonly kind: 'open'; readonly state: RolloutState }
  /** Called and not answered yet. */
  | { readonly kind: 'asking' | 'refused'; readonly state: RolloutState; readonly gate: Gate }
  /** The gate's own deadline passed (`gate-deadline`, SPEC R35), or failures of `pre-rollout` reached the threshold (`hook-failed`). */
  | { readonly kind: 'rollback'; readonly state: RolloutState; readonly gate: Gate; readonly reason: Reason };

/** Name under which a person's approval is kept among the hooks. */
const approvalName = 'approval';

export function gateName(gate: Gate): string {
  return gate.kind === 'hook' ? gate.hook.name : approvalName;
}

/** What stands between `origin` and the next state, in order (SPEC R34). */
export function gatesFrom(context: Context, state: RolloutState, origin: StateName): readonly Gate[] {
  if (origin === 'Pending') return state.skipRest === 'person' ? [] : hookGates(context, 'confirm-rollout');
  if (state.skipRest !== 'none') return [];
  const { plan } = context;
  const next = plan.steps[state.step + 1];
  const current = plan.steps[state.step];
  const before = origin === 'Starting' ? hookGates(context, 'pre-rollout') : [];
  if (next !== undefined) {
    const increase =
      isWeighted(next) && current?.routing.kind !== 'mirror'
        ? hookGates(context, 'confirm-traffic-increase')
        : [];
    return [...before, ...increase, ...personGate(next.approval, 'step-approval')];
  }
  const increase =
    current !== undefined && isWeighted(current) ? hookGates(context, 'confirm-traffic-increase') : [];
  return [
    ...before,
    ...increase,
    ...hookGates(context, 'confirm-promotion'),
    ...personGate(plan.approvalBeforePromotion, 'promotion-approval'),
  ];
}

function isWeighted(step: Step): boolean {
  return step.routing.kind === 'weight';
}

function hookGates(
  context: Context,
  type: 'confirm-rollout' | 'pre-rollout' | 'confirm-traffic-increase' | 'confirm-promotion',
): readonly Gate[] {
  return hooksOf(context, type).map((hook) => ({ kind: 'hook', hook, reason: type }));
}

function personGate(isAsked: boolean, reason: Reason): readonly Gate[] {
  return isAsked ? [{ kind: 'person', reason }] : [];
}

/** Asks the gates one after the other; the first that is not open ends it. */
export function passGates(context: Context, state: RolloutState, gates: readonly Gate[]): GateOutcome {
  let known = state;
  for (const gate of gates) {
    const outcome = gate.kind === 'hook' ? passHook(context, known, gate) : passPerson(known, gate);
    if (outcome.kind !== 'open') return outcome;
    known = outcome.state;
  }
  return { kind: 'open', state: known };
}

function passPerson(state: RolloutState, gate: Gate): GateOutcome {
  return askedOf(state, approvalName)?.passed === true
    ? { kind: 'open', state }
    : { kind: 'refused', state, gate };
}

function passHook(
  context: Context,
  state: RolloutState,
  gate: Extract<Gate, { readonly kind: 'hook' }>,
): GateOutcome {
  const { hook } = gate;
  let known = noteAnswer(context, state, hook.name);
  const asked = askedOf(known, hook.name);
  if (asked === null) return { kind: 'asking', state: ask(context, known, hook.name), gate };
  if (asked.passed === true) return { kind: 'open', state: known };
  if (hook.type === 'pre-rollout' && isSpent(context, known)) {
    return isSpentLongEnough(context, asked)
      ? { kind: 'rollback', state: known, gate, reason: 'hook-failed' }
      : { kind: 'refused', state: known, gate };
  }
  if (hook.deadlineMs !== null && isExpired(context, asked.firstAskedAtMs + hook.deadlineMs)) {
    if (hook.onDeadline === 'rollback')
      return { kind: 'rollback', state: known, gate, reason: 'gate-deadline' };
    const open = openByHand(context, known, hook.name);
    return {
      kind: 'open',
      state: patched(open, { skipped: [...open.skipped, `${hook.name}: opened by its deadline`] }),
    };
  }
  const wasRefused = asked.passed === false;
  if (wasRefused && isDue(context, asked)) known = ask(context, known, hook.name);
  return { kind: asked.n > 1 || wasRefused ? 'refused' : 'asking', state: known, gate };
}

/** Each failed `pre-rollout` call counts as a failed check (Flagger), before there is a judge to count it (SPEC R13). */
function preRolloutFailures(context: Context, state: RolloutState): number {
  const names = new Set(hooksOf(context, 'pre-rollout').map((hook) => hook.name));
  return state.hooks.filter((asked) => names.has(asked.name)).reduce((sum, asked) => sum + asked.failures, 0);
}

function isSpent(context: Context, state: RolloutState): boolean {
  return preRolloutFailures(context, state) >= context.plan.judging.failureThreshold;
}

/** Flagger fails the rollout one tick after the failure that reached the threshold. */
function isSpentLongEnough(context: Context, asked: AskedHook): boolean {
  const { failAt, intervalMs } = context.plan.judging;
  return failAt === 'atOnce' || context.nowMs >= (asked.answeredAtMs ?? context.nowMs) + intervalMs;
}

/** Failed `pre-rollout` calls and failed checks together reached the threshold, though neither did alone. */
export function isBudgetSpent(context: Context, state: RolloutState): boolean {
  const verdict = verdictOf(context, state);
  const early = preRolloutFailures(context, state);
  return (
    verdict !== null &&
    early > 0 &&
    verdict.failedChecks > 0 &&
    early + verdict.failedChecks >= context.plan.judging.failureThreshold
  );
}
