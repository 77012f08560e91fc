import type { Effect, Transition } from '../rollout/effect.ts';
import type { StateName } from '../rollout/state.ts';
import type { RolloutRecord } from './ports.ts';

type HookEffect = Extract<Effect, { readonly kind: 'callHook' }>;

/** Calls of the plan's `event` webhooks, one for each transition; metadata as Flagger fills it, which the user's cannot override. */
export function eventHooks(run: RolloutRecord, transitions: readonly Transition[]): readonly HookEffect[] {
  const hooks = run.plan.hooks.filter((hook) => hook.type === 'event');
  return hooks.flatMap((hook) =>
    transitions.map((transition) => ({
      kind: 'callHook' as const,
      id: `${transition.id}/event/${hook.name}`,
      phase: phaseOf(transition.to),
      hook: {
        ...hook,
        metadata: {
          ...hook.metadata,
          eventMessage: transition.message,
          eventType: isBad(transition.to) ? 'Warning' : 'Normal',
          timestamp: String(transition.atMs),
        },
      },
    })),
  );
}

/** The phase that a Canary shows in this state. */
function phaseOf(name: StateName): string {
  switch (name) {
    case 'Pending':
    case 'Starting':
    case 'Stepping':
    case 'Holding':
    case 'Paused':
    case 'RollingBack':
    case 'AwaitingApproval':
    case 'Superseded':
      return 'Progressing';
    case 'Promoting':
      return 'Promoting';
    case 'Baking':
    case 'Draining':
      return 'Finalising';
    case 'Promoted':
      return 'Succeeded';
    case 'RolledBack':
    case 'Aborted':
    case 'Failed':
      return 'Failed';
  }
}

function isBad(name: StateName): boolean {
  return name === 'RollingBack' || name === 'RolledBack' || name === 'Aborted' || name === 'Failed';
}
