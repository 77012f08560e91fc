import type { ArgoMetric, CheckPlan, JudgeName, JudgePlan } from './judge.ts';

/** The standing example of the documentation of Argo Rollouts. */
const argoIntervalMs = 5 * 60_000;
const argoFailureLimit = 3;

/** Judges keep what they work out of a plan by the plan's identity, so each has one. */
const known = new WeakMap<JudgePlan, Map<JudgeName, JudgePlan>>();

/**
 * The same checks under another judge: in shadow, in a replay, or in a comparison. Settings that the plan has of that judge stay;
 * `argo` without any measures each check every 5 minutes and allows 3 failed measurements, `kayenta` has its own defaults.
 */
export function withJudge(plan: JudgePlan, judge: JudgeName): JudgePlan {
  const others = known.get(plan) ?? new Map<JudgeName, JudgePlan>();
  known.set(plan, others);
  const other = others.get(judge) ?? planFor(plan, judge);
  others.set(judge, other);
  return other;
}

function planFor(plan: JudgePlan, judge: JudgeName): JudgePlan {
  if (judge === 'argo' && plan.argo === undefined)
    return {
      ...plan,
      judge,
      argo: { metrics: plan.checks.filter(({ measure }) => measure.kind !== 'gauge').map(argoMetric) },
    };
  return { ...plan, judge };
}

function argoMetric({ name, limit }: CheckPlan): ArgoMetric {
  const conditions = [
    ...(limit.min === undefined ? [] : [`result[0] >= ${limit.min}`]),
    ...(limit.max === undefined ? [] : [`result[0] <= ${limit.max}`]),
  ];
  return {
    check: name,
    intervalMs: argoIntervalMs,
    failureLimit: argoFailureLimit,
    ...(conditions.length === 0 ? null : { successCondition: conditions.join(' && ') }),
  };
}
