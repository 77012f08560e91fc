import { requestsForEffect } from '../../analysis/bet/planning.ts';
import type { JudgePlan } from '../../analysis/judge.ts';
import { weighsEvidence } from '../../analysis/weighs-evidence.ts';
import type { Plan, Step, Strategy } from '../../rollout/plan.ts';
import type { CanaryResource, DeploymentResource, ProcessResource } from '../check/resource.ts';
import type { Checks } from './checks.ts';
import { hooksOf } from './hooks.ts';
import { judgingOf, withPlannedBlocks } from './judging.ts';
import type { Roll } from './roll.ts';
import { stepsOf } from './steps.ts';

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
  const judging = judgingOf(canary, parts.checks.checks);
  const written = canary === null ? [] : stepsOf(canary, strategy, judging.intervalMs);
  const steps = written.map((step) => withMinEffect(step, judging, analysis?.minEffect));
  const deadlineSeconds =
    spec?.progressDeadlineSeconds ??
    workload.value.spec.progressDeadlineSeconds ??
    deployment?.value.spec.progressDeadlineSeconds ??
    600;
  return {
    version: 1,
    strategy,
    semantics: flagger ? 'flagger' : 'sluice',
    steps,
    promotion: spec?.promotion ?? (flagger ? 'rolling' : 'bake'),
    bakeMs: spec?.bakeDuration ?? (flagger ? 0 : 5 * 60_000),
    skipAnalysis: spec?.skipAnalysis ?? false,
    judging: withPlannedBlocks(judging, steps),
    hooks: canary === null ? [] : hooksOf(canary),
    waitsForForecast: weighsEvidence(judging.judge) && analysis?.minEffect === undefined,
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

/** A step whose smallest regression of interest is written waits for the requests that show it, under a judge that can say how many. */
function withMinEffect(step: Step, judging: JudgePlan, minEffect: number | undefined): Step {
  if (minEffect === undefined || !weighsEvidence(judging.judge)) return step;
  const needed = requestsForEffect(judging, minEffect / 100) ?? 0;
  return { ...step, minRequests: Math.max(step.minRequests, needed) };
}
