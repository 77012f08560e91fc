import type { CheckView, RolloutView } from '../../resource/view.ts';
import { checkLimit, checkValue, count } from '../terminal/format.ts';
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

/** One line a check: value, limit, sample count, the stable arm's value, verdict. */
export function checkLines(rollout: RolloutView, context: RenderContext): readonly string[] {
  const rows = rollout.checks.map((check) => {
    const stable =
      check.stableValue === null ? '' : `stable ${checkValue({ ...check, value: check.stableValue })}`;
    return [
      `  ${check.name}`,
      check.value === null ? '' : checkValue(check),
      checkLimit(check),
      `n ${count(check.requests)}`,
      stable,
      verdictWord(check, context),
    ];
  });
  return table(rows);
}

/** `2 of 3 failed checks used`; '' before the first judgement. */
export function allowance(rollout: RolloutView): string {
  const { used, allowed } = rollout.failedChecks;
  if (used === null || rollout.checks.length === 0) return '';
  return `${used} of ${allowed} failed checks used`;
}

function verdictWord(check: CheckView, { style }: RenderContext): string {
  const word = words[check.verdict];
  if (check.verdict === 'pass') return style.colors.green(word);
  return check.verdict === 'fail' ? style.colors.red(word) : style.colors.yellow(word);
}
