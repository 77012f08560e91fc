import type { BacktestReport, BadRow, JudgeRow } from '../../analysis/history/backtest.ts';
import { type HoursOfWeek, leastDays } from '../../analysis/history/hours-of-week.ts';
import type { Half } from '../../analysis/history/past-rollouts.ts';
import type { JudgePlan } from '../../analysis/judge.ts';
import type { Past } from '../history/past.ts';
import { count, shortSpan } from '../terminal/format.ts';
import type { RenderContext } from './context.ts';
import { boundsText, pastLines, percentOf, shownLine, utc } from './past.ts';
import { table } from './table.ts';

export interface ShownBacktest {
  readonly service: string;
  readonly judging: JudgePlan;
  readonly past: Past;
  readonly report: BacktestReport;
  readonly half: Half;
}

/** How often each judge would have rolled back healthy releases, and when it would have caught bad ones. */
export function backtestLines(shown: ShownBacktest, { style }: RenderContext): readonly string[] {
  const { service, judging, past, report, half } = shown;
  const dim = (text: string): string => style.colors.dim(text);
  const own = report.judges.find(({ judge }) => judge === judging.judge);
  return [
    `${style.colors.bold(service)}   ${pastLines(past).join('\n')}`,
    `  ${halfText(half, report.healthy)}`,
    '',
    ...table([
      ['JUDGE', 'ROLLS BACK', 'SHARE', '95 % BOUNDS', ''].map(dim),
      ...report.judges.map((row) => judgeCells(row, judging.judge)),
    ]),
    ...(own === undefined
      ? []
      : ['', `${own.judge}: ${shownLine(own.rolledBack, report.target, report.needed)}`]),
    ...startLines(own),
    ...weekLines(report.week, judging.judge),
    ...badLines(report, dim),
  ];
}

function halfText(half: Half, judged: number): string {
  if (half === 'all')
    return `all ${count(judged)} are judged; settings that were tuned on this history look better here than they are`;
  const other = half === 'even' ? 'odd' : 'even';
  return `the ${count(judged)} ${half} ones are judged; the ${other} ones are ${half === 'even' ? 'what "sluice tune" learns from' : 'its report'}`;
}

function judgeCells(row: JudgeRow, own: string): readonly string[] {
  const { judge, rolledBack, byLimits, byComparison } = row;
  const { count: times, of, low, high } = rolledBack;
  const notes = [
    ...(judge === own ? ['the judge of the manifest'] : []),
    ...(byLimits > 0 ? [`${count(byLimits)} by the limits`] : []),
    ...(byComparison > 0 ? [`${count(byComparison)} by the comparison`] : []),
  ];
  return [
    judge,
    `${count(times)} of ${count(of)}`,
    of === 0 ? '' : percentOf(times / of),
    boundsText({ count: times, of, low, high }),
    notes.join(', '),
  ];
}

/** Most that are listed; the document has all. */
const mostListed = 5;

function startLines(own: JudgeRow | undefined): readonly string[] {
  const starts = own?.startsMs ?? [];
  if (starts.length === 0) return [];
  const more = starts.length > mostListed ? `, and ${count(starts.length - mostListed)} more` : '';
  return [`Rolled back are those from ${starts.slice(0, mostListed).map(utc).join(', ')}${more} UTC.`];
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function weekLines(week: HoursOfWeek, judge: string): readonly string[] {
  if (week.kind === 'tooShort') return [`Hours of the week are not compared: that takes ${leastDays} days.`];
  if (week.hours.length === 0) return [`No hour of the week has a healthy rollout that ${judge} rolls back.`];
  const worst = week.hours.slice(0, mostListed).map(({ day, hour, rolledBack }) => {
    const name = `${days[day] ?? ''} ${String(hour).padStart(2, '0')} h`;
    return `${name} (${count(rolledBack.count)} of ${count(rolledBack.of)})`;
  });
  return [
    `By hour of the week, UTC, most often: ${worst.join(', ')}; in ${count(week.hours.length)} of ${count(week.hoursSeen)} hours at all.`,
  ];
}

function badLines({ bad, judges }: BacktestReport, dim: (text: string) => string): readonly string[] {
  if (bad.length === 0) return ['No rollout is known to be bad: name some *.bad.jsonl, or with --bad.'];
  return [
    '',
    ...table([
      ['KNOWN TO BE BAD', ...judges.map(({ judge }) => judge)].map(dim),
      ...bad.map((row) => [row.file, ...row.caught.map(caughtText)]),
    ]),
    'Caught so long after its first block, having served so many errors.',
  ];
}

function caughtText({ afterMs, canaryErrors }: BadRow['caught'][number]): string {
  return afterMs === null ? 'never' : `${shortSpan(afterMs)}, ${count(canaryErrors)}`;
}

/** The same for programs: instants as ISO text, shares from 0 to 1. */
export function backtestDocument({ service, past, report, half }: ShownBacktest): object {
  const iso = (atMs: number): string => new Date(atMs).toISOString();
  return {
    service,
    history: {
      from: past.fromMs === null ? null : iso(past.fromMs),
      to: past.toMs === null ? null : iso(past.toMs),
      healthyRollouts: past.healthy.length,
      leftOutBlocks: past.leftOut,
      counterResets: past.resets,
      unanswered: past.unanswered,
      notes: past.notes,
    },
    half,
    judgedRollouts: report.healthy,
    splitRollouts: report.splits,
    falseRollback: report.target,
    rolloutsNeeded: report.needed,
    judges: report.judges.map(({ startsMs, ...row }) => ({ ...row, starts: startsMs.map(iso) })),
    bad: report.bad,
    hoursOfWeek: report.week,
  };
}
