import { requestsForEffect } from '../../analysis/bet/planning.ts';
import type { BetSettings, CheckPlan, JudgePlan } from '../../analysis/judge.ts';
import type { Step } from '../../rollout/plan.ts';
import type { CanaryResource } from '../check/resource.ts';
import { type Finding, findingAt } from '../finding.ts';
import { type Judges, judgesOf, someWeighEvidence } from '../judges-of.ts';
import { strategyOf } from '../strategy-of.ts';

/** Flagger never looks more often than this. */
const flaggerFloorMs = 10_000;
/** Length of a block of the proxy's counters. */
const blockMs = 1_000;
/** Of a plan without holds, and the most over which the prior of a later onset is spread. */
const fewestBlocks = 60;
const mostBlocks = 86_400;

/** Of a Process without a Canary, which has no checks. */
const unjudged: Judges = { deciding: 'bet', shadow: [] };

/** How the checks of a Canary become a verdict. Flagger's own Canaries keep its judge, and `bet` looks on. */
export function judgingOf(canary: CanaryResource | null, checks: readonly CheckPlan[]): JudgePlan {
  const analysis = canary?.value.spec.analysis;
  const flagger = canary?.flavour === 'flagger';
  const { deciding, shadow } = canary === null ? unjudged : judgesOf(canary);
  const bet = betSettings(canary);
  return {
    judge: deciding,
    ...(Object.keys(bet).length > 0 && { bet }),
    ...(checks.length > 0 && shadow.length > 0 && { shadow }),
    ...(flagger
      ? {
          intervalMs: Math.max(flaggerFloorMs, analysis?.interval ?? 60_000),
          failureThreshold: Math.max(1, analysis?.threshold ?? 1),
          failAt: 'nextTick',
          onNoData: analysis?.onNoData ?? 'fail',
        }
      : {
          intervalMs: analysis?.interval ?? 10_000,
          failureThreshold: analysis?.threshold ?? 2,
          failAt: 'atOnce',
          onNoData: analysis?.onNoData ?? 'wait',
        }),
    checks: canary !== null && !isComparable(canary) ? checks.map(alone) : checks,
  };
}

/** The plan's holds, in blocks: over them the prior of a later onset is spread. */
export function withPlannedBlocks(judging: JudgePlan, steps: readonly Step[]): JudgePlan {
  if (judging.checks.length === 0) return judging;
  const holdMs = steps.reduce((sum, step) => sum + step.holdMs, 0);
  const plannedBlocks = Math.min(mostBlocks, Math.max(fewestBlocks, Math.round(holdMs / blockMs)));
  return { ...judging, bet: { ...judging.bet, plannedBlocks } };
}

function betSettings(canary: CanaryResource | null): BetSettings {
  const { falseRollback, margin, level } = canary?.value.spec.analysis ?? {};
  return {
    ...(falseRollback !== undefined && { falseRollback: falseRollback / 100 }),
    ...(margin !== undefined && { margin }),
    ...(level !== undefined && { level }),
  };
}

/**
 * Both arms serve a random share of the same requests. Where users are picked by what they send, or only copies or a load test reach
 * the canary, stable's share of errors says nothing about the canary's: the limits are judged alone.
 */
function isComparable(canary: CanaryResource): boolean {
  return strategyOf(canary) === 'Canary' && canary.value.spec.analysis?.mirror !== true;
}

function alone(check: CheckPlan): CheckPlan {
  return { ...check, compare: false };
}

/** A smallest regression that every limit allows could never be seen. */
export function minEffectFindings(canary: CanaryResource, judging: JudgePlan): readonly Finding[] {
  const { minEffect } = canary.value.spec.analysis ?? {};
  if (minEffect === undefined || judging.checks.length === 0 || !someWeighEvidence(judgesOf(canary)))
    return [];
  if (requestsForEffect(judging, minEffect / 100) !== null) return [];
  const message = `minEffect is ${minEffect} %, and every limit allows as much.`;
  const fix = 'write a share of bad requests above a limit';
  return [
    findingAt(canary.document, ['spec', 'analysis', 'minEffect'], {
      code: 'min-effect-within-limit',
      message,
      fix,
    }),
  ];
}
