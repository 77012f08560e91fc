import type { Schedule, ScheduleRow } from '../../resource/schedule.ts';
import { count, plannedSpan, routing } from '../terminal/format.ts';
import type { RenderContext } from './context.ts';
import { table } from './table.ts';

/** A plan before it runs: what happens when, how many requests each step sees, what that can catch, how it is undone. */
export function planTable(name: string, schedule: Schedule, context: RenderContext): readonly string[] {
  const { style } = context;
  const head = ['FROM', 'FOR', 'WHAT', 'REQUESTS', 'CATCHES', ''].map((title) => style.colors.dim(title));
  const rows = schedule.rows.map((row) => [
    `+${plannedSpan(row.startsAtMs)}`,
    plannedSpan(row.endsAtMs - row.startsAtMs),
    what(row),
    row.canaryRequests === null ? '' : count(row.canaryRequests),
    row.detectablePercent === null
      ? ''
      : `errors of ${Number(row.detectablePercent.toPrecision(2))} % and above`,
    [
      row.waitsForApproval ? 'waits for approval' : '',
      row.stretched ? 'longer than written, for its requests' : '',
    ]
      .filter((note) => note !== '')
      .join(', '),
  ]);
  const { detectionMs, restoreMs, drainMs } = schedule.rollback;
  const guarantee =
    schedule.falseRollbackPercent === null
      ? 'This judge gives no guarantee of how rarely a good release is taken back.'
      : `At most ${schedule.falseRollbackPercent} % of good releases are taken back.`;
  return [
    `${style.colors.bold(name)}   about ${plannedSpan(schedule.totalMs)} at the earliest`,
    ...table([head, ...rows]),
    `Taken back: found within ${plannedSpan(detectionMs)} of enough failures, users safe ${plannedSpan(restoreMs)} after that, drained within ${plannedSpan(drainMs)}.`,
    guarantee,
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
      return 'roll the idle stable and drain';
  }
}
