import { withLazyChecks } from '../lazy-checks.ts';
import type { CheckVerdict, JudgePlan, Verdict, VerdictEvidence, VerdictKind } from '../judge.ts';
import type { BetState } from './bet-state.ts';
import { courseOf } from './bet-state.ts';
import type { BetConstants, BetTests } from './bet-tests.ts';
import { checkVerdict, kindOfCheck } from './check-verdict.ts';
import { countedMeasure } from '../measure.ts';
import { combine, type Evidence } from './combine.ts';
import { openGates } from './gates.ts';

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
  const gates = openGates(state.gates);
  const logLevel = state.baking ? Math.log(constants.bakeRunLength) : constants.logLevel;
  const evidence = known ?? combine(state, tests, courseOf(state, constants), logLevel);
  const suspectFrom = suspicion(state, logLevel);
  const context = { tests, state, constants, evidence, suspectFrom, logLevel };
  const gated = gates.last?.checks ?? [];
  const groups = plan.checks.map((check) => tests.groups.findIndex((group) => group.checks.includes(check)));
  const describe = (): readonly CheckVerdict[] => [
    ...plan.checks.map(
      (check, index) =>
        gated.find(({ name }) => name === check.name) ?? checkVerdict(check, groups[index] ?? -1, context),
    ),
    // A signal that failed is a check of its own, which the plan does not name.
    ...gated.filter(({ name }) => !plan.checks.some((check) => check.name === name)),
  ];
  const kinds = plan.checks.flatMap((check, index) =>
    countedMeasure(check.measure) === null ? [] : [kindOfCheck(check, groups[index] ?? -1, context)],
  );
  const verdict = {
    kind: kindOf(state, evidence, suspectFrom, kinds),
    atMs: state.lastAtMs ?? gates.last?.atMs ?? null,
    passesInStep: gates.passesInStep,
    evaluationsInStep: gates.evaluationsInStep,
    failedChecks: gates.failedChecks,
    judgedMs: gates.judgedMs,
    requestsInStep: state.requestsInStep,
    firstFailureAtMs: state.firstFailureAtMs,
    evidence: evidenceOf(plan, tests, constants, state, evidence, logLevel),
  };
  return withLazyChecks(verdict, describe);
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
    logSuspect: suspicion(state, logLevel),
    environment:
      state.decidedAtMs === null &&
      evidence.log >= logLevel &&
      evidence.counted < logLevel &&
      evidence.groups.some(({ environment }) => environment),
    blame: blamed.map(({ name }) => name),
    onsetAtMs: onsetOf(state),
    detector: state.baking ? { averageRunLengthBlocks: constants.bakeRunLength } : null,
    placebos: evidence.placebos,
  };
}

/** The onset with the strongest evidence behind it. */
function onsetOf(state: BetState): number | null {
  const onsets = [
    ...Object.values(state.absolute).map(({ onset }) => onset),
    state.errorShare?.onset ?? null,
    state.latencyShare?.onset ?? null,
  ];
  let best: readonly [number, number] | null = null;
  for (const onset of onsets) if (onset !== null && onset[1] > (best?.[1] ?? 0)) best = [onset[0], onset[1]];
  return best?.[0] ?? null;
}
