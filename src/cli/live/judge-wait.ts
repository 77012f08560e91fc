import { errorCodes } from '../../lib/error-codes.ts';
import type { RevisionView, RolloutView, ServiceView } from '../../resource/view.ts';
import { exitCodeOfOutcome, exitCodes } from '../exit-codes.ts';
import { changeLine } from '../render/change-line.ts';

/** What is waited for: a rollout's end, its start, a need for approval, or a weight proven in force. */
export type WaitTarget =
  | { readonly kind: 'promoted' }
  | { readonly kind: 'started' }
  | { readonly kind: 'approval' }
  | { readonly kind: 'weight'; readonly weightPercent: number };

export interface WaitInput {
  readonly name: string;
  /** undefined: there is no such service now. */
  readonly service: ServiceView | undefined;
  /** The revision that is waited for, or its label. */
  readonly revision: string;
  readonly target: WaitTarget;
  readonly waitForApproval: boolean;
  /** Past and running rollouts, newest first. */
  readonly history: readonly RolloutView[];
  /** Rollouts that were there before what is waited for was asked: their end is not the answer. */
  readonly before: ReadonlySet<string>;
}

export type WaitStep =
  /** `observed`: the revision was seen, so only its end is waited for now. */
  | { readonly kind: 'waiting'; readonly observed: boolean; readonly line: string }
  | {
      readonly kind: 'ended';
      readonly exit: number;
      readonly line: string;
      readonly rollout: RolloutView | null;
    };

/** How far what is waited for has come, from the whole picture: never from an event, so a late start misses nothing. */
export function judgeWait(input: WaitInput): WaitStep {
  const { service, revision, name } = input;
  if (service === undefined)
    return { kind: 'waiting', observed: false, line: `${name}: waiting for the service to appear` };
  const rollout = rolloutOf(input, service);
  if (rollout !== null) return judgeRollout(input, service, rollout);
  const isWanted = isRevision(service.wanted, revision);
  if (service.promoted !== null && isRevision(service.promoted, revision) && isWanted) {
    return ended(exitCodes.reached.code, `${name} ${service.promoted.label}: runs already`, null);
  }
  if (isWanted)
    return {
      kind: 'waiting',
      observed: true,
      line: `${name} ${service.wanted.label}: waiting for its rollout to start${held(service)}`,
    };
  return {
    kind: 'waiting',
    observed: false,
    line: `${name}: waiting for revision ${revision} (wants ${service.wanted.label} now)`,
  };
}

/** A revision by its hash, the beginning of it, or the label people know it by. */
export function isRevision(view: RevisionView, named: string): boolean {
  return (
    view.revision === named || view.label === named || (named.length >= 6 && view.revision.startsWith(named))
  );
}

function rolloutOf({ history, before, revision }: WaitInput, service: ServiceView): RolloutView | null {
  const current = service.rollout === null ? [] : [service.rollout];
  return (
    [...current, ...history].find(
      (rollout) => isRevision(rollout.revision, revision) && !before.has(rollout.name),
    ) ?? null
  );
}

function judgeRollout(input: WaitInput, service: ServiceView, rollout: RolloutView): WaitStep {
  const line = changeLine({ ...service, rollout });
  if (rollout.outcome !== null) return ended(exitCodeOfOutcome(rollout.outcome), line, rollout);
  if (isReached(input.target, rollout)) return ended(exitCodes.reached.code, line, rollout);
  if (rollout.state === 'AwaitingApproval' && !input.waitForApproval)
    return ended(exitCodes.needsApproval.code, line, rollout);
  return { kind: 'waiting', observed: true, line };
}

function isReached(target: WaitTarget, rollout: RolloutView): boolean {
  switch (target.kind) {
    case 'promoted':
      return false;
    case 'started':
      return true;
    case 'approval':
      return rollout.state === 'AwaitingApproval';
    case 'weight':
      return rollout.weightsInForce.some((weight) => weight >= target.weightPercent);
  }
}

function held(service: ServiceView): string {
  if (service.disabled) return ' (it is disabled: run "sluice enable")';
  return service.suspended ? ' (it is suspended)' : '';
}

function ended(exit: number, line: string, rollout: RolloutView | null): WaitStep {
  return { kind: 'ended', exit, line, rollout };
}

/** The step when time ran out: 8 while the revision was never seen, else 5. */
export function timedOut(last: WaitStep): { readonly exit: number; readonly line: string } {
  if (last.kind === 'waiting' && !last.observed) {
    return { exit: errorCodes['revision-not-observed'].exit, line: `${last.line}; it was never observed` };
  }
  return { exit: exitCodes.timedOut.code, line: `${last.line}; the time ran out, the rollout goes on` };
}
