import { withLazyChecks } from '../lazy-checks.ts';
import type { CheckPlan, CheckVerdict, Judge, JudgeInput, JudgePlan, JudgeState, Verdict } from '../judge.ts';
import { gaugeVerdict, forgetMsOf } from './gauge-verdict.ts';
import { type ArmMeans, noMeans, takeReadings } from './unit-means.ts';

/** Readings of the step, by check. */
export type GaugesState = {
  /** Newest instant that was heard of. */
  readonly atMs: number;
  readonly baking: boolean;
  readonly means: Readonly<Record<string, ArmMeans>>;
};

const begin: GaugesState = { atMs: 0, baking: false, means: {} };

/**
 * Any judge, with gauges beside it: they are left out of the plan that the judge sees, so that they cannot fail, pass or hold anything
 * under it, whatever it makes of missing data. Alone a critical gauge makes the verdict `suspect`, and only where it would not be `fail`.
 */
export function withGauges<State extends JudgeState>(
  judge: Judge<State>,
): Judge<State & { readonly gauges?: GaugesState }> {
  return {
    start: (plan) => {
      const { gauges, rest } = partsOf(plan);
      const state = judge.start(rest);
      return gauges.length === 0 ? state : { ...state, gauges: begin };
    },
    startStep: (plan, before) => {
      const { gauges, rest } = partsOf(plan);
      const state = judge.startStep(rest, before);
      return gauges.length === 0 ? state : { ...state, gauges: begin };
    },
    judge: (plan, before, input) => {
      const { gauges, rest } = partsOf(plan);
      if (gauges.length === 0) return judge.judge(plan, before, input);
      const own = takeGauges(plan, gauges, before.gauges ?? begin, input);
      const samples = input.samples.filter(({ check }) => !gauges.some(({ name }) => name === check));
      const { state, verdict } = judge.judge(rest, before, { ...input, samples });
      return { state: { ...state, gauges: own }, verdict: joined(plan, gauges, own, verdict) };
    },
  };
}

interface Parts {
  readonly gauges: readonly CheckPlan[];
  readonly rest: JudgePlan;
}

/** Worked out once for each plan: judges remember plans by identity. */
const known = new WeakMap<JudgePlan, Parts>();

function partsOf(plan: JudgePlan): Parts {
  const found = known.get(plan);
  if (found !== undefined) return found;
  const gauges = plan.checks.filter(isGauge);
  const isOfGauge = (name: string): boolean => gauges.some((gauge) => gauge.name === name);
  const rest: JudgePlan = {
    ...plan,
    checks: plan.checks.filter((check) => !isGauge(check)),
    ...(plan.argo && {
      argo: { ...plan.argo, metrics: plan.argo.metrics.filter(({ check }) => !isOfGauge(check)) },
    }),
  };
  const parts = { gauges, rest: gauges.length === 0 ? plan : rest };
  known.set(plan, parts);
  return parts;
}

function isGauge({ measure }: CheckPlan): boolean {
  return measure.kind === 'gauge';
}

/** In a bake stable stands idle: what its pods need then is no measure for the canary's. */
function takeGauges(
  plan: JudgePlan,
  gauges: readonly CheckPlan[],
  before: GaugesState,
  input: JudgeInput,
): GaugesState {
  const instants = [...input.blocks, ...input.samples].map(({ atMs }) => atMs);
  const atMs = instants.reduce((newest, instant) => Math.max(newest, instant), before.atMs);
  if (input.bake === true) return { ...begin, atMs, baking: true };
  const means = gauges.map((check) => {
    const samples = input.samples.filter((sample) => sample.check === check.name);
    const settings = { windowMs: check.windowMs, forgetMs: forgetMsOf(plan, check) };
    return [check.name, takeReadings(before.means[check.name] ?? noMeans, samples, settings)] as const;
  });
  return { atMs, baking: false, means: Object.fromEntries(means) };
}

function joined(
  plan: JudgePlan,
  gauges: readonly CheckPlan[],
  { means, atMs, baking }: GaugesState,
  verdict: Verdict,
): Verdict {
  const judged = (check: CheckPlan): CheckVerdict =>
    gaugeVerdict(plan, check, { means: means[check.name] ?? noMeans, atMs, baking });
  // What decides nothing is worked out only when it is read.
  const holds =
    verdict.kind !== 'fail' &&
    gauges.some((check) => check.gauge?.critical === true && judged(check).kind === 'suspect');
  const { checks: others, ...rest } = verdict;
  return withLazyChecks({ ...rest, kind: holds ? 'suspect' : verdict.kind }, () => [
    ...plan.checks.flatMap((check) =>
      isGauge(check) ? [judged(check)] : others.filter(({ name }) => name === check.name),
    ),
    ...others.filter(({ name }) => !plan.checks.some((check) => check.name === name)),
  ]);
}
