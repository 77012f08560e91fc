import type { JudgePlan } from '../../analysis/judge.ts';
import type { Plan, Strategy } from '../../rollout/plan.ts';
import type { CanaryResource, DeploymentResource, ProcessResource } from '../check/resource.ts';
import type { Checks } from './checks.ts';
import { hooksOf } from './hooks.ts';
import type { Roll } from './roll.ts';
import { stepsOf } from './steps.ts';

/** Flagger never looks more often than this. */
const flaggerFloorMs = 10_000;

export interface PlanParts {
  /** null: a Process without one, which rolls. */
  readonly canary: CanaryResource | null;
  readonly workload: ProcessResource;
  readonly deployment: DeploymentResource | null;
  readonly strategy: Strategy;
  readonly roll: Roll;
  readonly checks: Checks;
}

/** The whole policy of a service whose resources were checked. Where Flagger and Sluice differ, `flavour` decides. */
export function planOf(parts: PlanParts): Plan {
  const { canary, workload, deployment, strategy, roll } = parts;
  const flagger = canary?.flavour === 'flagger';
  const spec = canary?.value.spec;
  const analysis = spec?.analysis;
  const judging = judgingOf(parts);
  const deadlineSeconds =
    spec?.progressDeadlineSeconds ??
    workload.value.spec.progressDeadlineSeconds ??
    deployment?.value.spec.progressDeadlineSeconds ??
    600;
  return {
    version: 1,
    strategy,
    semantics: flagger ? 'flagger' : 'sluice',
    steps: canary === null ? [] : stepsOf(canary, strategy, judging.intervalMs),
    promotion: spec?.promotion ?? (flagger ? 'rolling' : 'bake'),
    bakeMs: spec?.bakeDuration ?? (flagger ? 0 : 5 * 60_000),
    skipAnalysis: spec?.skipAnalysis ?? false,
    judging,
    hooks: canary === null ? [] : hooksOf(canary),
    onInconclusive: analysis?.onInconclusive ?? 'hold',
    canarySize: !flagger && strategy === 'Canary' ? 'share' : 'full',
    replicas: roll.replicas,
    roll: roll.parameters,
    progressDeadlineMs: deadlineSeconds * 1000,
    stableReadyPercent: analysis?.primaryReadyThreshold ?? 100,
    canaryReadyPercent: analysis?.canaryReadyThreshold ?? 100,
    verifyWithinMs: 10_000,
    drainMs: spec?.service.drainTimeout ?? 30_000,
    approvalBeforePromotion: analysis?.approvalBeforePromotion ?? false,
    slowAfterMs: spec?.slowAfter ?? null,
  };
}

function judgingOf({ canary, checks }: PlanParts): JudgePlan {
  const analysis = canary?.value.spec.analysis;
  if (canary?.flavour === 'flagger') {
    return {
      judge: 'threshold',
      intervalMs: Math.max(flaggerFloorMs, analysis?.interval ?? 60_000),
      failureThreshold: Math.max(1, analysis?.threshold ?? 1),
      failAt: 'nextTick',
      onNoData: analysis?.onNoData ?? 'fail',
      checks: checks.checks,
    };
  }
  return {
    judge: 'threshold',
    intervalMs: analysis?.interval ?? 10_000,
    failureThreshold: analysis?.threshold ?? 2,
    failAt: 'atOnce',
    onNoData: analysis?.onNoData ?? 'wait',
    checks: checks.checks,
  };
}
