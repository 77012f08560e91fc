import type { CheckVerdict, JudgePlan, VerdictKind } from '../../analysis/judge.ts';
import type { Replay, ReplayStep } from '../../analysis/trace/replay.ts';
import type { Trace } from '../../analysis/trace/trace.ts';
import type { TraceFinding } from '../../analysis/trace/trace-reader.ts';
import { clock, count, span } from '../terminal/format.ts';
import type { Style } from '../terminal/style.ts';
import { table } from './table.ts';

const words: Readonly<Record<VerdictKind, string>> = {
  pass: 'pass',
  fail: 'fail',
  suspect: 'suspect',
  notEnoughData: 'not enough data',
  noData: 'no data',
  providerError: 'broken data',
};

/** A verdict that goes to and fro is shown so often from its beginning, and from its end. */
const shownAtStart = 30;
const shownAtEnd = 10;

/** `trace.jsonl:12: error: …` */
export function traceFindingLines(
  name: string,
  findings: readonly TraceFinding[],
  style: Style,
): readonly string[] {
  return findings.map(({ line, severity, message }) => {
    const paint = severity === 'error' ? style.colors.red : style.colors.yellow;
    return `${style.colors.bold(line === null ? name : `${name}:${line}`)}: ${paint(severity)}: ${message}`;
  });
}

export interface ReplayShown {
  readonly name: string;
  readonly trace: Trace;
  readonly plan: JudgePlan;
  readonly replayed: Replay;
}

/** What was in the trace, the verdict over time, and what it comes down to, with every check. */
export function replayLines(shown: ReplayShown, style: Style): readonly string[] {
  const { trace, plan, replayed } = shown;
  const fromMs = startOf(trace);
  return [
    traceLine(shown, fromMs),
    `Judged by ${plan.judge}: ${guaranteeOf(plan)}`,
    ...(replayed.steps.length === 0 ? [] : ['', ...stepTable(replayed.steps, fromMs, style)]),
    '',
    ...conclusion(shown, fromMs, style),
    ...table(replayed.result.checks.map((check) => checkCells(check, style))),
  ];
}

function startOf({ blocks: [first] }: Trace): number {
  return first === undefined ? 0 : first.atMs - first.durationMs;
}

function traceLine({ name, trace }: ReplayShown, fromMs: number): string {
  const { blocks } = trace;
  const last = blocks.at(-1);
  if (last === undefined) return `${name}: no blocks`;
  const times = `${clock(fromMs, 0, 'UTC')} to ${clock(last.atMs, fromMs, 'UTC')} UTC`;
  const arms = (['canary', 'stable'] as const).map((arm) => {
    const requests = blocks.reduce((sum, block) => sum + (block[arm]?.requests ?? 0), 0);
    return requests === 0 ? `no ${arm}` : `${arm} ${counted(requests, 'request')}`;
  });
  return `${name}: ${counted(blocks.length, 'block')}, ${times}; ${arms.join(', ')}`;
}

function guaranteeOf({ judge, bet }: JudgePlan): string {
  const share = `at most ${Number(((bet?.falseRollback ?? 0.01) * 100).toPrecision(6))} % of healthy releases are taken back`;
  switch (judge) {
    case 'bet':
      return `${share}, however often it looks.`;
    case 'likelihood':
      return `${share}, if requests fail independently of each other.`;
    case 'threshold':
    case 'argo':
    case 'kayenta':
      return 'it gives no guarantee of how rarely a healthy release is taken back.';
  }
}

function stepTable(steps: readonly ReplayStep[], fromMs: number, style: Style): readonly string[] {
  const weighs = steps.some(({ logEvidence }) => logEvidence !== null);
  const head = ['TIME (UTC)', 'AFTER', 'VERDICT', 'REQUESTS', 'ERRORS', ...(weighs ? ['BY CHANCE'] : [])];
  const row = (step: ReplayStep): readonly string[] => [
    clock(step.atMs, steps[0]?.atMs ?? 0, 'UTC'),
    span(step.atMs - fromMs),
    painted(step.kind, style),
    count(step.canaryRequests),
    count(step.canaryErrors),
    ...(weighs ? [chance(step.logEvidence)] : []),
  ];
  const hidden = steps.length - shownAtStart - shownAtEnd;
  const shown =
    hidden <= 0
      ? steps.map(row)
      : [
          ...steps.slice(0, shownAtStart).map(row),
          ['…', '', counted(hidden, 'more change')],
          ...steps.slice(-shownAtEnd).map(row),
        ];
  return table([head.map((title) => style.colors.dim(title)), ...shown]);
}

/** How rarely a healthy release looks so bad; '' while it would be nothing special. Rounded towards more often, so it stays true. */
function chance(logEvidence: number | null): string {
  if (logEvidence === null || logEvidence < Math.LN2) return '';
  const times = Math.exp(Math.min(logEvidence, Math.log(1e9)));
  const step = 10 ** Math.max(0, Math.floor(Math.log10(times)) - 1);
  return `< 1 in ${count(Math.floor(times / step + 1e-9) * step)}`;
}

function conclusion({ trace, plan, replayed }: ReplayShown, fromMs: number, style: Style): readonly string[] {
  const { result, last } = replayed;
  const word = style.colors.bold(painted(result.verdict, style));
  switch (result.verdict) {
    case 'fail': {
      const atMs = last?.atMs ?? fromMs;
      const firstMs = trace.blocks[0]?.atMs ?? 0;
      const onset = last?.evidence?.onsetAtMs ?? null;
      const began =
        onset === null ? '' : ` The regression most likely began after ${clock(onset, firstMs, 'UTC')}.`;
      const rest = trace.blocks.length - result.blocks;
      const unread =
        rest === 0
          ? ''
          : ` The ${counted(rest, 'block')} after that ${rest === 1 ? 'was' : 'were'} not judged.`;
      return [
        `${word}: taken back at ${clock(atMs, firstMs, 'UTC')}, ${span(atMs - fromMs)} after the beginning and ` +
          `${counted(result.canaryErrors, 'error')} in ${counted(result.canaryRequests, 'canary request')}.${began}${unread}`,
      ];
    }
    case 'pass':
      return [`${word}: by the end nothing asked for a rollback.${sight(plan, result.checks)}`];
    case 'suspect':
      return [
        `${word}: undecided. Something speaks against the canary, but not enough for a rollback: no step would be passed.`,
      ];
    case 'notEnoughData':
      return [`${word}: undecided. The trace ends before there was enough for a verdict.`];
    case 'noData':
      return [`${word}: undecided. The trace has not what the checks need.`];
    case 'providerError':
      return [`${word}: undecided. What could not be read could have been the failure, so this is no pass.`];
  }
}

/** What the requests would have shown: a pass says no more than that. */
function sight(plan: JudgePlan, checks: readonly CheckVerdict[]): string {
  const seen = checks.flatMap(({ name, evidence, requests }) => {
    const share = evidence?.smallestSeen ?? null;
    const check = plan.checks.find((one) => one.name === name);
    if (share === null || check === undefined || requests === 0) return [];
    const bad =
      check.measure.kind === 'latencyQuantile'
        ? `requests slower than ${Number(((check.limit.max ?? 0) * 1000).toPrecision(12))} ms`
        : 'errors';
    return check.limit.max === undefined && bad !== 'errors'
      ? []
      : [`${Number((share * 100).toPrecision(2))} % of ${bad}`];
  });
  if (seen.length === 0) return '';
  return ` A release with ${[...new Set(seen)].join(' or ')} would have been found here 9 times out of 10; less may be there unseen.`;
}

function checkCells(check: CheckVerdict, style: Style): readonly string[] {
  return [`  ${check.name}`, painted(check.kind, style), check.message];
}

function painted(kind: VerdictKind, { colors }: Style): string {
  if (kind === 'pass') return colors.green(words[kind]);
  return kind === 'fail' ? colors.red(words[kind]) : colors.yellow(words[kind]);
}

function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}
