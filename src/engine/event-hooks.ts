import type { Effect, Transition } from '../rollout/effect.ts';
import { phaseOf } from '../rollout/phase-of.ts';
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
      phase: phaseOf({ ...run.state, name: transition.to }, run.plan),
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

function isBad(name: StateName): boolean {
  return name === 'RollingBack' || name === 'RolledBack' || name === 'Aborted' || name === 'Failed';
}
