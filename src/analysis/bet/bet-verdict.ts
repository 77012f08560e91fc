import type { JudgePlan, Verdict, VerdictEvidence, VerdictKind } from '../judge.ts';
import type { BetState } from './bet-state.ts';
import { courseOf } from './bet-state.ts';
import type { BetConstants, BetTests } from './bet-tests.ts';
import { checkVerdict } from './check-verdict.ts';
import { combine, type Evidence } from './combine.ts';

/** Worst first: the verdict is the first that any part of the judgement has. */
const order: readonly VerdictKind[] = ['fail', 'suspect', 'providerError', 'noData', 'notEnoughData', 'pass'];

/** What the state stands for. Deterministic in (plan, state); `known`: its evidence, where it was just worked out. */
export function verdictOf(
  plan: JudgePlan,
  tests: BetTests,
  constants: BetConstants,
  state: BetState,
  known: Evidence | null,
): Verdict {
  const { gates } = state;
  const logLevel = state.baking ? Math.log(constants.bakeRunLength) : constants.logLevel;
  const evidence = known ?? combine(state, tests, courseOf(state, constants), logLevel);
  const suspectFrom = suspicion(state, logLevel);
  const checks = plan.checks.map((check) => {
    const sample = gates.last?.checks.find(({ name }) => name === check.name);
    if (sample !== undefined) return sample;
    const index = tests.groups.findIndex((group) => group.checks.includes(check));
    return checkVerdict(check, index, { tests, state, constants, evidence, suspectFrom, logLevel });
  });
  // A signal that failed is a check of its own, which the plan does not name.
  const signals = (gates.last?.checks ?? []).filter(
    ({ name }) => !plan.checks.some((check) => check.name === name),
  );
  return {
    kind: kindOf(state, evidence, suspectFrom, [...checks.map(({ kind }) => kind)]),
    atMs: state.lastAtMs ?? gates.last?.atMs ?? null,
    passesInStep: gates.passesInStep,
    evaluationsInStep: gates.evaluationsInStep,
    failedChecks: gates.failedChecks,
    judgedMs: gates.judgedMs,
    requestsInStep: state.requestsInStep,
    firstFailureAtMs: state.firstFailureAtMs,
    checks: [...checks, ...signals],
    evidence: evidenceOf(plan, tests, constants, state, evidence, logLevel),
  };
}

/** From here on the release is suspect: √u, and for the detector of the bake a hundredth of its level. */
function suspicion(state: BetState, logLevel: number): number {
  return state.baking ? logLevel - Math.log(100) : logLevel / 2;
}

function kindOf(
  state: BetState,
  evidence: Evidence,
  suspectFrom: number,
  checks: readonly VerdictKind[],
): VerdictKind {
  if (state.decidedAtMs !== null) return 'fail';
  const gate = state.gates.last?.kind ?? 'notEnoughData';
  const kinds = new Set<VerdictKind>([
    gate === 'fail' ? 'notEnoughData' : gate,
    evidence.log >= suspectFrom ? 'suspect' : 'pass',
    state.problem === null ? 'pass' : 'providerError',
    // A check that fails by a plain limit counts for the gates, which have spoken.
    ...checks.filter((kind) => kind !== 'fail'),
  ]);
  return order.find((kind) => kinds.has(kind)) ?? 'pass';
}

function evidenceOf(
  plan: JudgePlan,
  tests: BetTests,
  constants: BetConstants,
  state: BetState,
  evidence: Evidence,
  logLevel: number,
): VerdictEvidence {
  const blamed = plan.checks.filter((check) =>
    tests.groups.some((group, index) => evidence.blamed.has(index) && group.checks.includes(check)),
  );
  return {
    logEvidence: evidence.log,
    peakLogEvidence: state.peaks[0] ?? 0,
    logLevel,
    environment: state.decidedAtMs === null && evidence.log >= logLevel && evidence.counted < logLevel,
    blame: blamed.map(({ name }) => name),
    onsetAtMs: onsetOf(state),
    detector: state.baking ? { averageRunLengthBlocks: constants.bakeRunLength } : null,
  };
}

/** The onset with the strongest evidence behind it. */
function onsetOf(state: BetState): number | null {
  const onsets = [
    ...Object.values(state.absolute).map(({ onset }) => onset),
    state.errorShare?.onset ?? null,
    state.latencyShare?.onset ?? null,
  ];
  let best: { readonly atMs: number; readonly log: number } | null = null;
  for (const onset of onsets) if (onset !== null && onset.log > (best?.log ?? 0)) best = onset;
  return best?.atMs ?? null;
}
