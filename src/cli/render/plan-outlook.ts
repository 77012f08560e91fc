import type { RollbackForecast } from '../../resource/rollback-forecast.ts';
import type { Schedule } from '../../resource/schedule.ts';
import { count, plannedSpan } from '../terminal/format.ts';
import { table } from './table.ts';

/** How a rollback goes, and what a bad canary costs until then. */
export function rollbackLines(schedule: Schedule, dim: (text: string) => string): readonly string[] {
  const { detectionMs, restoreMs, drainMs } = schedule.rollback;
  const found = detectionMs === null ? '' : `found within ${plannedSpan(detectionMs)} of enough failures, `;
  const after = detectionMs === null ? 'the decision' : 'that';
  const taken = `Taken back: ${found}users safe ${plannedSpan(restoreMs)} after ${after}, drained within ${plannedSpan(drainMs)}.`;
  if (schedule.forecasts.length === 0) return [taken];
  const titles = ['ERRORS', 'BACK AFTER', 'FAILED UNTIL THEN', ''];
  return [
    taken,
    'A canary that is bad from the start, at the traffic of the first step:',
    ...table([titles.map(dim), ...schedule.forecasts.map(forecastCells)]),
  ];
}

function forecastCells(forecast: RollbackForecast): readonly string[] {
  const { errorPercent, kind, seconds, failedRequests, withinStep } = forecast;
  const errors = `${errorPercent} %`;
  if (kind === 'withinLimit') return [errors, 'never', '', 'its limit allows that'];
  if (kind === 'onlyCompared')
    return [errors, '', '', 'its limit allows that: found only where stable has fewer'];
  if (kind === 'tooFew' || seconds === null) return [errors, 'never', '', 'too few requests for a check'];
  return [
    errors,
    plannedSpan(seconds < 1 ? 1000 : seconds * 1000),
    failedRequests === null ? '' : `about ${count(Math.max(1, failedRequests))}`,
    withinStep ? '' : 'longer than that step',
  ];
}

/** How often a threshold would fail what is healthy: in full where it decides, in one line where it does not. */
export function alarmLines({ judge, thresholdAlarms }: Schedule): readonly string[] {
  if (judge === 'threshold') {
    return thresholdAlarms.map(
      ({ check, failedChecksPercent, rolledBackPercent }) =>
        `${check}: a release at half its limit fails ${chance(failedChecksPercent)} of the checks and is rolled back in ${chance(rolledBackPercent)} of rollouts.`,
    );
  }
  const [worst] = thresholdAlarms.toSorted((a, b) => b.rolledBackPercent - a.rolledBackPercent);
  if (worst === undefined) return [];
  return [
    `Under threshold a release at half the limit of ${worst.check} would be rolled back in ${chance(worst.rolledBackPercent)} of rollouts.`,
  ];
}

export function guaranteeLines({ judge, falseRollbackPercent, guarantee }: Schedule): readonly string[] {
  if (falseRollbackPercent === null)
    return ['This judge gives no guarantee of how rarely a good release is taken back.'];
  const without = guarantee.without.length === 0 ? '' : ` Without it: ${guarantee.without.join(', ')}.`;
  const condition =
    judge === 'likelihood'
      ? 'holds if requests fail independently of each other'
      : 'holds under two assumptions';
  return [
    `At most ${falseRollbackPercent} % of healthy releases are rolled back by the statistical checks (${guarantee.checks.join(', ')}):`,
    `${condition}, docs/judge.md.${without}`,
  ];
}

/** Two digits; near the ends as many as tell it from 0 and 100. */
function chance(percent: number): string {
  if (percent < 0.01) return 'under 0.01 %';
  if (percent > 99.99) return 'over 99.99 %';
  return `${percent > 99 ? percent.toFixed(2) : Number(percent.toPrecision(2))} %`;
}
