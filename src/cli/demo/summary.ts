import type { RolloutView } from '../../resource/view.ts';
import type { Tally } from './tally.ts';

export interface RolloutSummary {
  readonly revision: string;
  readonly version: string;
  readonly outcome: string;
  /** Weights above 0 that were in force, in order. */
  readonly weights: readonly number[];
  readonly durationMs: number | null;
  /** From the first block with a failed canary request to the failing verdict; null where none failed. */
  readonly detectionMs: number | null;
  /** From the decision to weight 0 in force; null where nothing was taken back. */
  readonly rollbackMs: number | null;
  /** Requests that this version answered with 5xx or not at all, as the clients counted. */
  readonly failedRequests: number;
}

export interface DemoSummary {
  readonly kind: 'summary';
  readonly requests: number;
  readonly failedRequests: number;
  readonly failedByVersion: Readonly<Record<string, number>>;
  readonly rollouts: readonly RolloutSummary[];
}

export function summaryOf(rollouts: readonly RolloutView[], tally: Tally): DemoSummary {
  return {
    kind: 'summary',
    requests: tally.requests,
    failedRequests: tally.failed,
    failedByVersion: Object.fromEntries(
      [...tally.versions].map(([version, { failed }]) => [version, failed]),
    ),
    rollouts: rollouts.map((rollout) => rolloutSummary(rollout, tally)),
  };
}

function rolloutSummary(rollout: RolloutView, tally: Tally): RolloutSummary {
  const { onsetAtMs, detectedAtMs, decidedAtMs, restoredAtMs, startedAtMs, endedAtMs } = rollout;
  const version = rollout.revision.label;
  const outcome = rollout.outcome ?? rollout.state;
  return {
    revision: rollout.revision.revision,
    version,
    outcome: outcome.charAt(0).toLowerCase() + outcome.slice(1),
    weights: rollout.weightsInForce.filter((weight) => weight > 0),
    durationMs: between(startedAtMs, endedAtMs),
    detectionMs: between(onsetAtMs, detectedAtMs),
    rollbackMs: between(decidedAtMs, restoredAtMs),
    failedRequests: tally.versions.get(version)?.failed ?? 0,
  };
}

function between(fromMs: number | null, toMs: number | null): number | null {
  return fromMs === null || toMs === null ? null : Math.round(toMs - fromMs);
}
