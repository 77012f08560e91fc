import { modeOf } from './arms.ts';
import { type Context, type Move, move, stay } from './context.ts';
import type { ActionOutcome } from './decide.ts';
import { gateName, gatesFrom, passGates } from './gates.ts';
import { openByHand } from './hook-calls.ts';
import { isTerminal } from './lifecycle.ts';
import { clear, enterPromotion, leaveStep } from './next-step.ts';
import type { Action } from './observation.ts';
import { originOf } from './origin.ts';
import { pause, resume } from './pause.ts';
import { rollBack } from './rollback.ts';
import type { RolloutState, StateName } from './state.ts';
import { endBake } from './states/baking.ts';

export interface Acted {
  readonly move: Move;
  readonly outcome: ActionOutcome;
}

const rememberedActions = 100;

/** Actions not yet taken into account, a rollback before all others, then in the order of their time (SPEC R80). */
export function openActions(context: Context, state: RolloutState): readonly Action[] {
  return context.observation.actions
    .filter(
      (action) => !state.consumedActions.includes(action.id) && !(isTerminal(state) && isForEngine(action)),
    )
    .toSorted((a, b) => urgency(a) - urgency(b) || a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
}

/** After the end these two start another run, which is the engine's to make. */
function isForEngine(action: Action): boolean {
  return action.kind === 'retry' || action.kind === 'rollback';
}

/** Rollback and reject: they go before every other rule, even a suspension. */
export function isUrgent(action: Action): boolean {
  return urgency(action) < 2;
}

function urgency(action: Action): number {
  return action.kind === 'rollback' ? 0 : action.kind === 'reject' ? 1 : 2;
}

/** Consumes one action: it acts, or is recorded as refused with the reason. */
export function act(context: Context, state: RolloutState, action: Action): Acted {
  const result =
    isTerminal(state) || state.name === 'RollingBack'
      ? refuse(`the rollout is ${state.name}`)
      : apply(context, state, action);
  const isAccepted = typeof result !== 'string';
  const after = isAccepted ? result : stay(state);
  const consumedActions = [...state.consumedActions, action.id].slice(-rememberedActions);
  return {
    move: { ...after, state: { ...after.state, consumedActions } },
    outcome: {
      id: action.id,
      kind: action.kind,
      actor: action.actor,
      accepted: isAccepted,
      message: isAccepted ? (after.transition?.message ?? after.state.message) : result,
      atMs: context.nowMs,
    },
  };
}

function refuse(why: string): string {
  return why;
}

/** A move, or why the action means nothing here. */
function apply(context: Context, state: RolloutState, action: Action): Move | string {
  if (action.kind === 'rollback') {
    return rollBack(context, state, {
      endsAs: 'Aborted',
      reason: 'rollback-by-person',
      message: because(`${action.actor.name} rolled it back`, action),
      actor: action.actor,
    });
  }
  if (context.observation.suspended) return refuse('the Canary is suspended');
  switch (action.kind) {
    case 'reject':
      return state.name === 'AwaitingApproval'
        ? rollBack(context, state, {
            endsAs: 'Aborted',
            reason: 'rejected-by-person',
            message: because(`${action.actor.name} rejected it`, action),
            actor: action.actor,
          })
        : refuse('nothing waits for an approval');
    case 'approve':
      return approve(context, state, action);
    case 'pause':
      return pauseFor(context, state, action);
    case 'resume':
      return state.name === 'Paused' ? resume(context, state, action.actor) : refuse('it is not paused');
    case 'advance':
      return advance(context, state, action);
    case 'promote':
      return promote(context, state, action);
    case 'retry':
      return refuse('it still runs');
  }
}

function because(text: string, action: Action): string {
  return action.reason === '' ? text : `${text}: ${action.reason}`;
}

/** Opens the one gate that is waited for. Given before the wait began, it was for something else (SPEC R82, N11). */
function approve(context: Context, state: RolloutState, action: Action): Move | string {
  if (state.name !== 'AwaitingApproval') return refuse('nothing waits for an approval');
  if (action.atMs < Math.floor(state.sinceMs / 1000) * 1000)
    return refuse('it was given before this was asked');
  const origin = originOf(state);
  const outcome = passGates(context, state, gatesFrom(context, state, origin));
  if (outcome.kind === 'open' || outcome.kind === 'rollback') return refuse('the gate is already decided');
  const opened = openByHand(context, outcome.state, gateName(outcome.gate));
  const skipped =
    outcome.gate.kind === 'hook'
      ? [...opened.skipped, `${gateName(outcome.gate)}: opened by ${action.actor.name}`]
      : opened.skipped;
  return stay({ ...opened, skipped, message: because(`${action.actor.name} approved`, action) });
}

function pauseFor(context: Context, state: RolloutState, action: Action): Move | string {
  if (state.name === 'Paused') return refuse('it is paused already');
  if (!pausable.has(state.name)) return refuse(`${state.name} cannot stop half-way; roll it back instead`);
  if (modeOf(context) === 'first') return refuse('the first revision of a service has nothing to pause');
  return pause(context, state, {
    reason: 'paused-by-person',
    message: because(`paused by ${action.actor.name}`, action),
    actor: action.actor,
  });
}

const pausable: ReadonlySet<StateName> = new Set([
  'Pending',
  'Starting',
  'Stepping',
  'Holding',
  'AwaitingApproval',
  'Baking',
]);

function advance(context: Context, state: RolloutState, action: Action): Move | string {
  if (state.name === 'Holding' || (state.name === 'AwaitingApproval' && state.resume === 'Holding')) {
    const noted = skip(state, [
      `step ${state.step + 1}: rest of its hold and gates, by ${action.actor.name}`,
    ]);
    return leaveStep(context, noted, clear(context, noted, 'advance', action.actor));
  }
  return state.name === 'Baking'
    ? endBake(context, skipBake(state, action))
    : refuse(`there is no hold to end in ${state.name}`);
}

/** Everything that is left is skipped, and what that was is written down (SPEC R81). */
function promote(context: Context, state: RolloutState, action: Action): Move | string {
  if (modeOf(context) === 'first' || state.name === 'Promoting' || state.name === 'Draining')
    return refuse('it is being promoted already');
  if (state.name === 'Baking') return endBake(context, skipBake(state, action));
  const origin = originOf(state);
  if (state.name === 'Paused' && (origin === 'Promoting' || origin === 'Draining' || origin === 'Baking'))
    return refuse('it is paused in its promotion: resume it');
  const noted = skip(
    { ...state, skipRest: 'person', clearance: clear(context, state, 'promote', action.actor) },
    leftOver(context, state, action),
  );
  if (origin !== 'Pending' && origin !== 'Starting') return enterPromotion(context, noted);
  return move(context, noted, {
    to: origin,
    phase: state.phase,
    reason: origin === 'Pending' ? 'new-revision' : 'scaling-canary',
    message: because(`${action.actor.name} promotes it without steps and checks`, action),
    owner: 'controller',
    actor: action.actor,
    deadlineMs: origin === 'Pending' ? null : context.nowMs + context.plan.progressDeadlineMs,
    patch: { resume: null },
  });
}

function leftOver(context: Context, state: RolloutState, action: Action): readonly string[] {
  const by = `by ${action.actor.name}`;
  const steps = context.plan.steps.flatMap((_, step) =>
    step >= Math.max(state.step, 0) ? [`step ${step + 1}, ${by}`] : [],
  );
  return [...steps, ...context.plan.judging.checks.map((check) => `check ${check.name}, ${by}`)];
}

function skipBake(state: RolloutState, action: Action): RolloutState {
  return skip(state, [`rest of the bake, by ${action.actor.name}`]);
}

function skip(state: RolloutState, names: readonly string[]): RolloutState {
  return { ...state, skipped: [...state.skipped, ...names] };
}
