import type { Context } from './context.ts';
import type { Effect, Transition } from './effect.ts';
import { isTerminal } from './lifecycle.ts';
import type { Reason, RolloutState, StateName } from './state.ts';

type Notify = Extract<Effect, { readonly kind: 'notify' }>;

/**
 * What people are told. Each transition that matters is told once, under the transition's own number; the latest one again
 * until it was handed to the outbox (`observation.sent`), so that a crash in between loses none (SPEC R92).
 */
export function notices(
  context: Context,
  state: RolloutState,
  transitions: readonly Transition[],
): readonly Effect[] {
  const told = transitions.flatMap((transition) => noticeOf(context, transition));
  const latest = noticeOf(context, { ...latestOf(context, state) });
  const all = [
    ...told,
    ...latest.filter((notice) => !told.some((other) => other.id === notice.id)),
    ...callsPerson(context, state),
    ...slow(context, state),
  ];
  return all.filter((notice) => !context.observation.sent.includes(notice.id));
}

/** The transition that led into the state, as far as a notice needs it. */
function latestOf(
  context: Context,
  state: RolloutState,
): Pick<Transition, 'id' | 'to' | 'reason' | 'message'> & { readonly from: StateName | null } {
  return {
    id: `${context.identity.uid}/${state.transitions}`,
    from: null,
    to: state.name,
    reason: state.reason,
    message: state.message,
  };
}

function noticeOf(
  context: Context,
  transition: Pick<Transition, 'id' | 'to' | 'reason' | 'message'> & { readonly from: StateName | null },
): readonly Notify[] {
  const severity = severityOf(transition);
  if (severity === null) return [];
  const id = transition.id.replace(`${context.identity.uid}/`, `${context.identity.uid}/notify/`);
  return [
    {
      kind: 'notify',
      id,
      severity,
      message: `${context.identity.name}: ${transition.to}: ${transition.message}`,
    },
  ];
}

function severityOf(transition: Pick<Transition, 'to' | 'reason'>): Notify['severity'] | null {
  if (transition.reason === 'rescuing-to-canary') return 'error';
  return severities[transition.to] ?? null;
}

const severities: Readonly<Partial<Record<StateName, Notify['severity']>>> = {
  RolledBack: 'error',
  Failed: 'error',
  Aborted: 'warn',
  Paused: 'warn',
  AwaitingApproval: 'warn',
  Promoted: 'info',
};

/** Waits that no transition tells of and that a person should know of: told once in each step. */
const personReasons: Readonly<Partial<Record<Reason, Notify['severity']>>> = {
  environment: 'error',
  suspect: 'warn',
  inconclusive: 'warn',
};

function callsPerson({ identity }: Context, state: RolloutState): readonly Notify[] {
  const severity = personReasons[state.reason];
  if (severity === undefined || isTerminal(state)) return [];
  return [
    {
      kind: 'notify',
      id: `${identity.uid}/notify/${state.reason}/${state.attempt}`,
      severity,
      message: `${identity.name}: ${state.name}: ${state.message}`,
    },
  ];
}

/** Past the bound for the whole run: said once, nothing else happens. */
function slow(context: Context, state: RolloutState): readonly Notify[] {
  const { slowAfterMs } = context.plan;
  if (slowAfterMs === null || isTerminal(state) || context.nowMs - state.startedAtMs < slowAfterMs) return [];
  return [
    {
      kind: 'notify',
      id: `${context.identity.uid}/notify/slow`,
      severity: 'warn',
      message: `${context.identity.name}: still ${state.name} long after its start`,
    },
  ];
}
