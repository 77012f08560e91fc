import type { ArgoMetric, CheckPlan, JudgeName, JudgePlan } from './judge.ts';

/** The standing example of the documentation of Argo Rollouts. */
const argoIntervalMs = 5 * 60_000;
const argoFailureLimit = 3;

/**
 * The same checks under another judge: in shadow, in a replay, or in a comparison. Settings that the plan has of that judge stay;
 * `argo` without any measures each check every 5 minutes and allows 3 failed measurements, `kayenta` has its own defaults.
 */
export function withJudge(plan: JudgePlan, judge: JudgeName): JudgePlan {
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
