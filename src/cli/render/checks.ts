import type { VerdictEvidence } from '../../analysis/judge.ts';
import type { CheckView, RolloutView, ShadowView } from '../../resource/view.ts';
import { checkLimit, checkValue, clock, count, evidence } from '../terminal/format.ts';
import type { RenderContext } from './context.ts';
import { table } from './table.ts';

const words: Readonly<Record<CheckView['verdict'], string>> = {
  pass: 'pass',
  fail: 'fail',
  suspect: 'suspect',
  notEnoughData: 'not enough data',
  noData: 'no data',
  providerError: 'source failed',
};

/** One line a check: value, interval, limit, sample count, the stable arm's value, evidence, verdict. */
export function checkLines(rollout: RolloutView, context: RenderContext): readonly string[] {
  const rows = rollout.checks.map((check) => {
    const stable =
      check.stableValue === null ? '' : `stable ${checkValue({ ...check, value: check.stableValue })}`;
    return [
      `  ${check.name}`,
      check.value === null ? '' : checkValue(check),
      intervalOf(check),
      checkLimit(check),
      `n ${count(check.requests)}`,
      stable,
      check.logEvidence === null ? '' : `evidence ${evidence(check.logEvidence)}`,
      verdictWord(check, context),
    ];
  });
  return table(withoutEmptyColumns(rows));
}

function withoutEmptyColumns(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return rows.map((row) => row.filter((_, column) => rows.some((other) => other[column] !== '')));
}

/** What the judge makes of all checks together, and what those that look on would have done. */
export function judgeLines(
  { judge, checks, outcome }: RolloutView,
  context: RenderContext,
): readonly string[] {
  const lines: string[] = [];
  if (judge.evidence !== null && outcome === null)
    lines.push(`  ${evidenceLine(judge.evidence, judge.sentence)}`);
  for (const { name, warning } of checks)
    if (warning !== null) lines.push(`  ${context.style.colors.yellow(`${name}: ${warning}`)}`);
  for (const shadow of judge.shadows) lines.push(`  ${shadowLine(shadow, outcome !== null, context)}`);
  return lines;
}

function evidenceLine(
  { logEvidence, logLevel, logSuspect }: VerdictEvidence,
  sentence: string | null,
): string {
  const parts = [
    `evidence ${evidence(logEvidence)}: suspect from ${evidence(logSuspect)}, back at ${evidence(logLevel)}`,
    ...(sentence === null ? [] : [sentence]),
  ];
  return parts.join('; ');
}

function shadowLine(shadow: ShadowView, ended: boolean, { nowMs, timeZone }: RenderContext): string {
  const name = `${shadow.name} (looks on)`;
  if (shadow.failedAtMs !== null)
    return `${name}: would have gone back at ${clock(shadow.failedAtMs, nowMs, timeZone)}: ${shadow.message}`;
  return `${name}: ${ended ? 'would not have gone back' : words[shadow.verdict]}`;
}

/** `0.16 to 0.88`: in the unit of the value beside it; '' where there is none. */
function intervalOf({ interval, shownScale }: CheckView): string {
  if (interval === null) return '';
  const high = interval.high >= Number.MAX_VALUE ? 'more' : String(short(interval.high * shownScale));
  return `(${short(interval.low * shownScale)} to ${high})`;
}

function short(value: number): number {
  return Number(value.toPrecision(2));
}

/** `2 of 3 failed checks used`; '' before the first judgement, and where it is evidence that decides. */
export function allowance({ failedChecks, checks, judge }: RolloutView): string {
  const { used, allowed } = failedChecks;
  if (used === null || checks.length === 0) return '';
  if (judge.evidence !== null && used === 0) return '';
  return `${used} of ${allowed} failed checks used`;
}

function verdictWord(check: CheckView, { style }: RenderContext): string {
  const word = words[check.verdict];
  if (check.verdict === 'pass') return style.colors.green(word);
  return check.verdict === 'fail' ? style.colors.red(word) : style.colors.yellow(word);
}
