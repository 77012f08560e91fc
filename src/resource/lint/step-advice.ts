import { powerSettingsOf } from '../../analysis/bet/planning.ts';
import type { JudgePlan } from '../../analysis/judge.ts';
import { requestsNeeded } from '../../analysis/power.ts';
import { formatDuration } from '../../lib/duration.ts';
import { type StepFinding, stepFindings } from '../step-power.ts';

/** One step at a known traffic, and what its strictest limit finds there. */
export interface StepSight {
  readonly weightPercent: number;
  readonly holdMs: number;
  readonly requestsPerSecond: number;
  readonly finding: StepFinding;
}

/** What the strictest limit of a plan finds in a step; null: no check counts requests. A limit of nothing is broken by the first failure. */
export function sightOf(
  judging: JudgePlan,
  weightPercent: number,
  holdMs: number,
  requestsPerSecond: number,
): StepSight | null {
  const findings = stepFindings(judging, (requestsPerSecond * weightPercent) / 100, holdMs);
  const [finding] = findings
    .filter(({ limitPercent }) => limitPercent > 0)
    .toSorted((a, b) => a.limitPercent - b.limitPercent);
  return finding === undefined ? null : { weightPercent, holdMs, requestsPerSecond, finding };
}

const minuteMs = 60_000;
const largeWeight = 50;
/** "Ten times too bad" is what one wants to find who does not say. */
const factor = 10;

/** What can be done about a step that sees too little: weight, time, load, or nothing. */
export function stepAdvice(judging: JudgePlan, sight: StepSight, targetPercent: number | null): string {
  const { weightPercent, holdMs, requestsPerSecond, finding } = sight;
  const wantedPercent = Math.min(90, targetPercent ?? factor * finding.limitPercent);
  const canaryPerSecond = (requestsPerSecond * weightPercent) / 100;
  const larger = sightOf(judging, Math.max(largeWeight, weightPercent), holdMs, requestsPerSecond);
  const atOnce =
    weightPercent >= largeWeight || larger === null || larger.finding.smallestPercent === null
      ? []
      : [`use weight: ${largeWeight} at once (finds ${percent(larger.finding.smallestPercent)})`];
  const accept =
    finding.smallestPercent === null
      ? 'or accept that it finds nothing'
      : `or accept ${percent(finding.smallestPercent)}`;
  if (judging.judge === 'threshold') {
    const everyMs = (3 / (finding.limitPercent / 100) / canaryPerSecond) * 1000;
    const held = everyMs > holdMs ? 'hold the step and ' : '';
    return [...atOnce, `${held}let a check look back for ${span(everyMs)}`, 'make load', accept].join(', ');
  }
  const test = {
    key: '',
    bad: { kind: 'errors' as const },
    limit: finding.limitPercent / 100,
  };
  const needed = requestsNeeded(wantedPercent / 100, powerSettingsOf(judging, test));
  const longer = `hold the step for ${span((needed / canaryPerSecond) * 1000)} (finds ${percent(wantedPercent)})`;
  const load = `make load of ${Math.ceil((needed * 1000) / holdMs / (weightPercent / 100))} requests a second`;
  return [...atOnce, longer, load, accept].join(', ');
}

/** A share that is found, in two or three digits. */
export function percent(share: number | null): string {
  return share === null ? 'nothing' : `${Number(share.toPrecision(share >= 10 ? 3 : 2))} %`;
}

function span(lengthMs: number): string {
  return formatDuration(Math.ceil(lengthMs / minuteMs) * minuteMs);
}
