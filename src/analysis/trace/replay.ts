import type { CheckVerdict, JudgePlan, Verdict, VerdictKind } from '../judge.ts';
import { judgeOf } from '../judges.ts';
import type { Trace } from './trace.ts';

/** A verdict as it stood after a block, where it differs from the one before. */
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
  readonly logEvidence: number | null;
  readonly checks: readonly CheckVerdict[];
}

export interface Replay {
  readonly steps: readonly ReplayStep[];
  readonly result: ReplayResult;
  /** 0: no fail by the end; 3: fail; 5: undecided. */
  readonly exit: 0 | 3 | 5;
}

/** Feeds a trace to a judge block by block, as the engine would, up to a `fail`. */
export function replay(trace: Trace, plan: JudgePlan): Replay {
  const judge = judgeOf(plan.judge);
  let state = judge.start(plan);
  let verdict: Verdict | null = null;
  let blocks = 0;
  let canaryRequests = 0;
  let canaryErrors = 0;
  const steps: ReplayStep[] = [];
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
    if (steps.at(-1)?.kind !== kind) {
      const logEvidence = verdict.evidence?.logEvidence ?? null;
      steps.push({ atMs: block.atMs, kind, canaryRequests, canaryErrors, logEvidence });
    }
    if (kind === 'fail') break;
  }
  const kind = finalKind(trace, verdict);
  const decidedAt = kind === 'fail' && verdict !== null && verdict.atMs !== null ? isoOf(verdict.atMs) : null;
  return {
    steps,
    result: {
      verdict: kind,
      decidedAt,
      blocks,
      canaryRequests,
      canaryErrors,
      logEvidence: verdict?.evidence?.logEvidence ?? null,
      checks: verdict?.checks ?? [],
    },
    exit: kind === 'pass' ? 0 : kind === 'fail' ? 3 : 5,
  };
}

/** What is missing could have been the failure, so a trace with unreadable lines does not pass. */
function finalKind(trace: Trace, verdict: Verdict | null): VerdictKind {
  if (verdict === null) return 'noData';
  const broken = trace.findings.some(({ severity }) => severity === 'error');
  return verdict.kind === 'pass' && broken ? 'providerError' : verdict.kind;
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
