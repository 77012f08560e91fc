import type { CheckVerdict, JudgePlan, Verdict, VerdictKind } from '../judge.ts';
import { judgeOf } from '../judges.ts';
import { planFindings } from './plan-findings.ts';
import type { Trace } from './trace.ts';
import type { TraceFinding } from './trace-reader.ts';

/** A verdict as it stood after a block. */
export interface ReplayStep {
  readonly atMs: number;
  readonly kind: VerdictKind;
  readonly canaryRequests: number;
  readonly canaryErrors: number;
  readonly logEvidence: number | null;
}

/** What `sluice judge -o json` prints. */
export interface ReplayResult {
  readonly verdict: VerdictKind;
  /** ISO instant of the `fail`; null without one. */
  readonly decidedAt: string | null;
  /** Blocks up to the decision, or all. */
  readonly blocks: number;
  readonly canaryRequests: number;
  readonly canaryErrors: number;
  /** Natural log; the largest number stands for infinity. */
  readonly logEvidence: number | null;
  readonly checks: readonly CheckVerdict[];
}

export interface Replay {
  /** Where the verdict differs from the one before, some in between, and the last. */
  readonly steps: readonly ReplayStep[];
  readonly result: ReplayResult;
  /** Of the trace, and of what the plan asks of it. */
  readonly findings: readonly TraceFinding[];
  /** The last verdict of the judge, with what the result leaves out; null without a block. */
  readonly last: Verdict | null;
  /** 0: no fail by the end; 3: fail; 5: undecided. */
  readonly exit: 0 | 3 | 5;
}

/** Steps that are kept although the verdict has not changed. */
const marks = 8;
/** A verdict that changes with every block is told that often. */
const mostSteps = 1_000;

/** Feeds a trace to a judge block by block, as the engine would, up to a `fail`. */
export function replay(trace: Trace, plan: JudgePlan): Replay {
  const judge = judgeOf(plan.judge);
  let state = judge.start(plan);
  let verdict: Verdict | null = null;
  let blocks = 0;
  let canaryRequests = 0;
  let canaryErrors = 0;
  const steps: ReplayStep[] = [];
  const every = Math.ceil(trace.blocks.length / marks);
  for (const block of trace.blocks) {
    ({ state, verdict } = judge.judge(plan, state, {
      blocks: [block],
      samples: [],
      signals: [],
      providerError: null,
      nowMs: block.atMs,
    }));
    blocks += 1;
    canaryRequests += block.canary?.requests ?? 0;
    canaryErrors += block.canary?.errors ?? 0;
    const { kind } = verdict;
    const isChange = steps.at(-1)?.kind !== kind && steps.length < mostSteps;
    const isLast = kind === 'fail' || blocks === trace.blocks.length;
    if (isChange || isLast || blocks % every === 0)
      steps.push({ atMs: block.atMs, kind, canaryRequests, canaryErrors, logEvidence: logOf(verdict) });
    if (kind === 'fail') break;
  }
  const ofPlan = planFindings(trace, plan);
  const kind = finalKind(trace, ofPlan, verdict);
  const decidedAt = kind === 'fail' && verdict !== null && verdict.atMs !== null ? isoOf(verdict.atMs) : null;
  return {
    steps,
    result: {
      verdict: kind,
      decidedAt,
      blocks,
      canaryRequests,
      canaryErrors,
      logEvidence: verdict === null ? null : logOf(verdict),
      checks: verdict?.checks ?? [],
    },
    findings: [...trace.findings, ...ofPlan],
    last: verdict,
    exit: kind === 'pass' ? 0 : kind === 'fail' ? 3 : 5,
  };
}

/** What is missing could have been the failure, so a trace with unreadable lines, or without what a check needs, does not pass. */
function finalKind(trace: Trace, ofPlan: readonly TraceFinding[], verdict: Verdict | null): VerdictKind {
  if (verdict === null || !trace.blocks.some(({ canary }) => canary !== undefined)) return 'noData';
  const isError = ({ severity }: TraceFinding): boolean => severity === 'error';
  if (verdict.kind !== 'pass') return verdict.kind;
  if (trace.findings.some(isError)) return 'providerError';
  return ofPlan.some(isError) ? 'noData' : 'pass';
}

function logOf({ evidence }: Verdict): number | null {
  if (evidence === undefined) return null;
  return Number.isFinite(evidence.logEvidence) ? evidence.logEvidence : Number.MAX_VALUE;
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
