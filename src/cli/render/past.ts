import type { CountedShare } from '../../analysis/history/bounds.ts';
import { lengthOf } from '../../analysis/history/history.ts';
import type { Past } from '../history/past.ts';
import { count, plannedSpan } from '../terminal/format.ts';

/** `0.89 %`: three digits at most. */
export function percentOf(share: number): string {
  const percent = share * 100;
  return `${percent === 0 ? 0 : Number(percent.toPrecision(percent >= 1 ? 3 : 2))} %`;
}

/** `0 % to 0.9 %` */
export function boundsText({ low, high }: CountedShare): string {
  return `${percentOf(low)} to ${percentOf(high)}`;
}

/** `2026-01-01 08:00` in UTC, whatever the reader's zone: the hours of a history are compared in it. */
export function utc(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 16).replace('T', ' ');
}

/** What the rollouts are, and what was left out. */
export function pastLines(past: Past): readonly string[] {
  const { fromMs, toMs, leftOut, healthy, resets } = past;
  const kinds = { recorded: 0, pods: 0, split: 0 };
  for (const { arms } of healthy) kinds[arms.kind] += 1;
  const span = fromMs === null || toMs === null ? '' : ` between ${utc(fromMs)} and ${utc(toMs)} UTC`;
  const left = [
    ...part(leftOut.gap, 'next to a gap'),
    ...part(leftOut.noTraffic, 'without traffic'),
    ...part(leftOut.otherHours, 'outside of --hours'),
    ...part(leftOut.rest, 'too few at the end'),
  ];
  return [
    `${count(healthy.length)} healthy rollouts of ${plannedSpan(lengthOf(past.course))}${span}`,
    ...(kinds.recorded === 0 ? [] : [`  ${count(kinds.recorded)} recorded, as they were`]),
    ...(kinds.pods === 0
      ? []
      : [
          `  ${count(kinds.pods)} cut from history; the canary is random pods of stable, as many as a real one has`,
        ]),
    ...(kinds.split === 0
      ? []
      : [
          `  ${count(kinds.split)} cut from history of one arm: the limits are held against the whole arm, and a random split stands in`,
          '  for the comparison, which cannot show how pods differ or that errors come in clusters',
        ]),
    ...(left.length === 0 ? [] : [`  left out: ${left.join(', ')}`]),
    ...(resets === 0
      ? []
      : [
          `  ${count(resets)} counter${resets === 1 ? '' : 's'} started anew; what was counted just before is lost`,
        ]),
    ...(past.unanswered.length === 0 ? [] : [`  not in this history: ${past.unanswered.join(', ')}`]),
  ];
}

function part(blocks: number, why: string): readonly string[] {
  return blocks === 0 ? [] : [`${count(blocks)} block${blocks === 1 ? '' : 's'} ${why}`];
}

/** What so many rollouts show at most, said so that nobody takes "none" for "never". */
export function shownLine(
  { count: rolledBack, of, high }: CountedShare,
  target: number,
  needed: number,
): string {
  const seen = `${count(rolledBack)} of ${count(of)} shows at most ${percentOf(high)} with 95 %`;
  if (high <= target) return `${seen}: within the ${percentOf(target)} that is allowed.`;
  if (of >= needed) return `${seen}: more than the ${percentOf(target)} that is allowed.`;
  return `${seen}. To show ${percentOf(target)}, none of ${count(needed)} or more may be rolled back: this history is too short.`;
}
