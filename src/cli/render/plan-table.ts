import type { PowerGate, Schedule, ScheduleRow } from '../../resource/schedule.ts';
import { count, plannedSpan, routing } from '../terminal/format.ts';
import type { RenderContext } from './context.ts';
import { alarmLines, guaranteeLines, rollbackLines } from './plan-outlook.ts';
import { table } from './table.ts';

/** A plan before it runs: what happens when, how many requests each step sees, what that can find, how it is undone. */
export function planTable(
  name: string,
  schedule: Schedule,
  context: RenderContext,
  traffic = '',
): readonly string[] {
  const { colors } = context.style;
  const titles = ['FROM', 'FOR', 'WHAT', 'REQUESTS', 'FINDS WITH 90 %', 'GATE'];
  const rows = schedule.rows.map((row) => [
    `+${plannedSpan(row.startsAtMs)}`,
    plannedSpan(row.endsAtMs - row.startsAtMs),
    what(row),
    row.canaryRequests === null ? '' : count(row.canaryRequests),
    finds(row),
    waits(row),
  ]);
  const dim = (title: string): string => colors.dim(title);
  return [
    `${colors.bold(name)}   about ${plannedSpan(schedule.totalMs)} at the earliest${traffic === '' ? '' : `, ${traffic}`}`,
    ...table([titles.map(dim), ...rows]),
    ...rollbackLines(schedule, dim),
    ...alarmLines(schedule),
    ...guaranteeLines(schedule),
  ];
}

function what(row: ScheduleRow): string {
  switch (row.kind) {
    case 'start':
      return 'start the canary';
    case 'step':
      return row.routing === null ? 'step' : routing(row.routing);
    case 'promotion':
      return 'promote';
    case 'bake':
      return 'bake at 100 %';
    case 'drain':
      return 'roll the idle stable, drain';
  }
}

/** `errors of 1.5 %, slow 3.4 %`: the smallest shares, each of the strictest limit of its kind. */
function finds({ finds: found }: ScheduleRow): string {
  if (found.length === 0) return '';
  const smallest = (counts: 'errors' | 'slower'): number | null => {
    const shares = found.flatMap((one) =>
      one.counts === counts && one.smallestPercent !== null ? [one.smallestPercent] : [],
    );
    return shares.length === 0 ? null : Math.min(...shares);
  };
  const [errors, slow] = [smallest('errors'), smallest('slower')];
  const said = [
    ...(errors === null ? [] : [`errors of ${digits(errors)} %`]),
    ...(slow === null ? [] : [`${errors === null ? 'slow ones of' : 'slow'} ${digits(slow)} %`]),
  ];
  return said.length === 0 ? 'nothing' : said.join(', ');
}

function waits(row: ScheduleRow): string {
  const notes = [
    gate(row.gate),
    row.waitsForApproval ? 'approval' : '',
    row.stretched ? 'longer than written' : '',
  ];
  return notes.filter((note) => note !== '').join(', ');
}

function gate(value: PowerGate): string {
  switch (value.kind) {
    case 'none':
      return '';
    case 'requests':
      return `${count(value.requests)} requests`;
    case 'forecast':
      return 'its forecast';
  }
}

function digits(percent: number): number {
  return Number(percent.toPrecision(2));
}
