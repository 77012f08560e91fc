import type { ArmCounts, Block } from '../block.ts';
import type { JudgePlan } from '../judge.ts';
import { type AbsoluteState, advanceAbsolute, type ArmsOfBlock, startAbsolute } from './absolute-test.ts';
import { unsound } from './bad-count.ts';
import type { BetConstants, BetTests } from './bet-tests.ts';
import type { FactorForm } from './forms.ts';
import type { Gates } from './gates.ts';
import { advanceLatencyShare, type LatencyShareState, noLatencyShare } from './latency-share-test.ts';
import { advancePlacebos, type Placebos } from './placebos.ts';
import type { Counts, Course } from './process.ts';
import { advanceShare, type ShareState, startShare } from './share-test.ts';

/** All latencies of the run at the bounds in use: for print. */
export type LatencyTotals = {
  readonly bounds: readonly number[];
  readonly canary: readonly number[];
  readonly stable: readonly number[];
  /** Requests behind the two. */
  readonly requests: readonly [number, number];
};

/** State of `bet` and `likelihood`: about a kilobyte of plain JSON. A type, not an interface: only so it fits `JudgeState`. */
export type BetState = {
  readonly judge: JudgePlan['judge'];
  readonly version: 1;
  /** What is no statistics: samples, signals, silence of the source, evaluations. */
  readonly gates: Gates;
  /** The verdict `fail` was given; from then on nothing changes. */
  readonly decidedAtMs: number | null;
  readonly baking: boolean;
  readonly lastAtMs: number | null;
  readonly firstFailureAtMs: number | null;
  readonly requestsInStep: number;
  /** Requests and errors of the run. */
  readonly totals: Counts;
  /** Stable served in the last block: only then its evidence is of now. */
  readonly stableServes: boolean;
  /** What was wrong with the last block's counts. */
  readonly problem: string | null;
  /** By key. */
  readonly absolute: Readonly<Record<string, AbsoluteState>>;
  readonly errorShare: ShareState | null;
  readonly latencyShare: LatencyShareState | null;
  /** By stable pod; absent while fewer than 3 of them were seen. */
  readonly placebos?: Placebos;
  readonly latency: LatencyTotals | null;
  /** Largest ln E so far: of all, then of each group. */
  readonly peaks: readonly number[];
};

export function startProcesses(
  tests: BetTests,
): Pick<BetState, 'absolute' | 'errorShare' | 'latencyShare' | 'peaks'> {
  return {
    absolute: Object.fromEntries(
      tests.groups.flatMap(({ absolute }) =>
        absolute === null ? [] : [[absolute.key, startAbsolute(absolute)] as const],
      ),
    ),
    errorShare: tests.comparesErrors ? startShare() : null,
    latencyShare: tests.comparesLatency ? noLatencyShare : null,
    peaks: [0, ...tests.groups.map(() => 0)],
  };
}

export function courseOf(state: Pick<BetState, 'baking'>, constants: BetConstants): Course {
  return state.baking ? { kind: 'bake' } : { kind: 'rollout', plannedBlocks: constants.plannedBlocks };
}

/** Takes the counts of one block into all processes. Peaks are the caller's. */
export function takeCounts(
  state: BetState,
  block: Block,
  tests: BetTests,
  constants: BetConstants,
  form: FactorForm,
): BetState {
  const problem = problemOf(block.canary) ?? problemOf(block.stable);
  const canary = problemOf(block.canary) === null ? (block.canary ?? null) : null;
  const stable = problemOf(block.stable) === null ? (block.stable ?? null) : null;
  const arms: ArmsOfBlock = { fromMs: block.atMs - block.durationMs, canary, stable };
  const course = courseOf(state, constants);
  const context = { course, form };
  const absolute = { ...state.absolute };
  for (const { absolute: test } of tests.groups) {
    const before = test === null ? undefined : absolute[test.key];
    if (test === null || before === undefined) continue;
    const planned = { ...context, plannedRequests: constants.plannedRequests };
    absolute[test.key] = advanceAbsolute(test, before, arms, planned);
  }
  const { margin, latencyMargin, slowdown } = constants;
  const [a, b, c, d] = state.totals;
  const placebos =
    state.errorShare === null || state.baking
      ? undefined
      : advancePlacebos(state.placebos, stable, { ...context, margin });
  const next: BetState = {
    ...state,
    lastAtMs: block.atMs,
    problem,
    requestsInStep: state.requestsInStep + (canary?.requests ?? 0),
    firstFailureAtMs: state.firstFailureAtMs ?? ((canary?.errors ?? 0) > 0 ? block.atMs : null),
    totals: [
      a + attempts(canary),
      b + (canary?.errors ?? 0),
      c + attempts(stable),
      d + (stable?.errors ?? 0),
    ],
    stableServes: (stable?.requests ?? 0) > 0,
    absolute,
    errorShare: state.errorShare && advanceShare(state.errorShare, arms, { ...context, margin }),
    latencyShare:
      state.latencyShare &&
      advanceLatencyShare(state.latencyShare, arms, { ...context, margin: latencyMargin, slowdown }),
    latency: tests.measuresLatency ? addLatency(state.latency, canary, stable) : null,
  };
  return placebos === undefined ? next : { ...next, placebos };
}

/** A retried attempt is an error of the arm that failed it, also where the request ended elsewhere. */
function attempts(arm: ArmCounts | null): number {
  return arm === null ? 0 : Math.max(arm.requests, arm.errors);
}

function problemOf(arm: ArmCounts | undefined): string | null {
  return arm === undefined ? null : unsound(arm);
}

function addLatency(
  totals: LatencyTotals | null,
  canary: ArmCounts | null,
  stable: ArmCounts | null,
): LatencyTotals | null {
  const bounds = canary?.latency?.bounds ?? stable?.latency?.bounds;
  if (bounds === undefined) return totals;
  const same = totals !== null && sameBounds(totals.bounds, bounds) ? totals : null;
  const part = (
    arm: ArmCounts | null,
  ): { readonly cumulative: readonly number[]; readonly requests: number } =>
    arm?.latency !== undefined && sameBounds(arm.latency.bounds, bounds)
      ? { cumulative: arm.latency.cumulative, requests: arm.requests }
      : { cumulative: [], requests: 0 };
  const own = part(canary);
  const other = part(stable);
  return {
    bounds,
    canary: bounds.map((_, at) => (same?.canary[at] ?? 0) + (own.cumulative[at] ?? 0)),
    stable: bounds.map((_, at) => (same?.stable[at] ?? 0) + (other.cumulative[at] ?? 0)),
    requests: [(same?.requests[0] ?? 0) + own.requests, (same?.requests[1] ?? 0) + other.requests],
  };
}

function sameBounds(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((bound, index) => bound === b[index]));
}
