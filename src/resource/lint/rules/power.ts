import { requestsForEffect } from '../../../analysis/bet/planning.ts';
import type { Step } from '../../../rollout/plan.ts';
import { formatDuration } from '../../../lib/duration.ts';
import { type Finding, findingAt, type Path } from '../../finding.ts';
import { type ThresholdAlarm, thresholdAlarms } from '../../threshold-alarms.ts';
import { limitsOnRequests } from '../../step-power.ts';
import type { LintContext } from '../context.ts';
import { type JudgedCanary, judgedCanary } from '../judged-canary.ts';
import { percent, sightOf, stepAdvice, type StepSight } from '../step-advice.ts';
import { has } from '../values.ts';

/** Fewer expected failures than this, and a limit cannot be told from none. */
const fewestExpected = 3;
/** What `bet` promises: from there on a threshold is worth a word. */
const rarePercent = 1;

/** Can the steps see what they are to judge, at the traffic that is known? */
export function lintPower(context: LintContext): readonly Finding[] {
  const { requestsPerSecond } = context;
  return context.canaries.flatMap((canary) => {
    const judged = judgedCanary(canary);
    if (judged === null) return [];
    return [
      ...(requestsPerSecond === null
        ? unseenInLeast(judged)
        : [...unseenLimit(judged, requestsPerSecond), ...unseenEffect(judged, requestsPerSecond)]),
      ...falseAlarms(judged, requestsPerSecond),
    ];
  });
}

interface SeenStep {
  readonly index: number;
  readonly step: Step;
  readonly sight: StepSight;
}

/** Steps with a weight, as the strictest limit sees them. */
function seenSteps({ judging, steps }: JudgedCanary, requestsPerSecond: number): readonly SeenStep[] {
  return steps.flatMap((step, index) => {
    if (step.routing.kind !== 'weight' || step.routing.weightPercent <= 0 || requestsPerSecond <= 0)
      return [];
    const { weightPercent } = step.routing;
    const writtenMs = (step.minRequests * 1000) / ((requestsPerSecond * weightPercent) / 100);
    const sight = sightOf(judging, weightPercent, Math.max(step.holdMs, writtenMs), requestsPerSecond);
    return sight === null ? [] : [{ index, step, sight }];
  });
}

function stepPath({ canary }: JudgedCanary, index: number): Path {
  return (
    ['steps', 'stepWeights'].flatMap((field): Path[] =>
      has(canary.spec, ['analysis', field]) ? [['spec', 'analysis', field, index]] : [],
    )[0] ?? ['spec', 'analysis']
  );
}

function unseenLimit(judged: JudgedCanary, requestsPerSecond: number): readonly Finding[] {
  const steps = seenSteps(judged, requestsPerSecond);
  const unseen = steps.filter(
    ({ sight: { finding } }) => (finding.requests * finding.limitPercent) / 100 < fewestExpected,
  );
  const [first] = unseen;
  if (first === undefined) return [];
  const { finding } = first.sight;
  const more =
    unseen.length === 1
      ? ''
      : unseen.length === 2
        ? ' One more step sees too few as well.'
        : ` ${unseen.length - 1} more steps see too few as well.`;
  const message = `${traffic(requestsPerSecond)} ${step(first.sight)} ${judged.judging.judge === 'threshold' ? 'shows each check' : 'sees'} ${whole(finding.requests)} requests. ${observed(finding.limitPercent, finding.requests)} The smallest share found with 90 % is ${percent(finding.smallestPercent)}.${more}`;
  return [
    findingAt(judged.canary.document, stepPath(judged, first.index), {
      code: 'limit-not-observable',
      message,
      fix: stepAdvice(judged.judging, first.sight, judged.minEffectPercent),
    }),
  ];
}

/** Without a known traffic only a threshold says how few requests are enough for it. */
function unseenInLeast(judged: JudgedCanary): readonly Finding[] {
  if (judged.judging.judge !== 'threshold') return [];
  return limitsOnRequests(judged.judging).flatMap(({ checks, limit }) =>
    checks.flatMap(({ name }) => {
      const least = judged.minRequestsOf(name);
      // A limit of nothing is broken by the first failure.
      if (least === null || least === 0 || limit <= 0 || least * limit >= fewestExpected) return [];
      const message = `minRequests of ${name} is ${whole(least)}. ${observed(limit * 100, least)}`;
      const fix = `write minRequests: ${Math.ceil(fewestExpected / limit - 1e-9)} or more, or a larger limit`;
      return [
        findingAt(judged.canary.document, [...judged.pathOf(name), 'minRequests'], {
          code: 'limit-not-observable',
          message,
          fix,
        }),
      ];
    }),
  );
}

function observed(limitPercent: number, requests: number): string {
  if (requests < 1) return '';
  const tenfold = Math.min(1, limitPercent / 10);
  const silent = (1 - tenfold) ** requests;
  const missed =
    silent < 0.01
      ? ''
      : `, and a canary ten times too bad shows none with a chance of ${percent(silent * 100)}`;
  return `A limit of ${percent(limitPercent)} allows ${Number(((requests * limitPercent) / 100).toPrecision(2))} of them: one failure is ${percent(100 / requests)}${missed}.`;
}

function unseenEffect(judged: JudgedCanary, requestsPerSecond: number): readonly Finding[] {
  const { judging, minEffectPercent, canary } = judged;
  if (minEffectPercent === null) return [];
  const blind = seenSteps(judged, requestsPerSecond).filter(
    ({ sight: { finding } }) =>
      finding.smallestPercent === null || finding.smallestPercent > minEffectPercent,
  );
  const [first] = blind;
  if (first === undefined) return [];
  const { finding } = first.sight;
  const sequential = judging.judge !== 'threshold';
  const needed = sequential ? requestsForEffect(judging, minEffectPercent / 100) : null;
  // Within every limit: another finding says so.
  if (sequential && needed === null) return [];
  const perSecond = (requestsPerSecond * first.sight.weightPercent) / 100;
  const longer =
    needed === null
      ? ''
      : ` It is held until there are ${whole(needed)}, for ${formatDuration(Math.ceil(needed / perSecond / 60) * 60_000)}.`;
  const message = `minEffect is ${percent(minEffectPercent)}; ${traffic(requestsPerSecond).toLowerCase()} ${step(first.sight)} finds no less than ${percent(finding.smallestPercent)} in ${whole(finding.requests)} requests.${longer}`;
  return [
    findingAt(canary.document, ['spec', 'analysis', 'minEffect'], {
      code: 'effect-not-visible',
      message,
      fix: stepAdvice(judging, first.sight, minEffectPercent),
    }),
  ];
}

function falseAlarms(judged: JudgedCanary, requestsPerSecond: number | null): readonly Finding[] {
  const { judging, canary } = judged;
  if (judging.judge !== 'threshold') return [];
  return judging.checks.flatMap((check) => {
    const least = judged.minRequestsOf(check.name);
    const perSecond = requestsPerSecond ?? (least === null ? null : (least * 1000) / check.windowMs);
    if (perSecond === null) return [];
    // `minRequests` is of the canary's, whatever its weight.
    const stretches = judged.steps.flatMap(({ routing, holdMs }) =>
      routing.kind !== 'weight' || (requestsPerSecond === null && holdMs < check.windowMs)
        ? []
        : [
            {
              canaryPerSecond:
                requestsPerSecond === null ? perSecond : (perSecond * routing.weightPercent) / 100,
              lengthMs: holdMs,
            },
          ],
    );
    const [alarm] = thresholdAlarms({ ...judging, checks: [check] }, stretches);
    if (alarm === undefined || alarm.rolledBackPercent < rarePercent) return [];
    return [
      findingAt(canary.document, judged.pathOf(check.name), {
        code: 'threshold-false-alarms',
        message: alarmMessage(alarm, requestsPerSecond),
        fix: alarmFix(judged),
      }),
    ];
  });
}

function alarmMessage(alarm: ThresholdAlarm, requestsPerSecond: number | null): string {
  const given =
    requestsPerSecond === null
      ? `With the ${whole(alarm.requestsPerCheck)} requests that it asks for`
      : traffic(requestsPerSecond);
  return `${given} ${alarm.check} fails ${percent(Math.min(99.9, alarm.failedChecksPercent))} of its checks on a release at half its limit, and ${percent(Math.min(99.9, alarm.rolledBackPercent))} of such rollouts are rolled back.`;
}

function alarmFix({ canary }: JudgedCanary): string {
  return canary.flavour === 'sluice'
    ? 'write judge: bet, which takes back at most 1 % of healthy releases'
    : 'judge it with bet, which takes back at most 1 % of healthy releases: "sluice convert FILE"; or raise the limit';
}

function traffic(requestsPerSecond: number): string {
  return `At ${requestsPerSecond} ${requestsPerSecond === 1 ? 'request' : 'requests'} a second`;
}

function step({ weightPercent, holdMs }: StepSight): string {
  return `the step of ${weightPercent} % for ${formatDuration(holdMs)}`;
}

function whole(requests: number): string {
  return String(Math.round(requests));
}
