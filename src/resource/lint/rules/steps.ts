import { formatDuration } from '../../../lib/duration.ts';
import { type Finding, findingAt, type FindingParts, type Path } from '../../finding.ts';
import type { CanarySource, LintContext } from '../context.ts';
import { flaggerRun, type FlaggerRun } from '../flagger-arithmetic.ts';
import { isLoadCommand } from '../load-command.ts';
import { durationAt, has, listAt, numberAt, textAt, valueAt } from '../values.ts';

const rollbackGoalMs = 300_000;
const goal = formatDuration(rollbackGoalMs);
const checkLagMs = 60_000;

/** The plan: its steps, how long a rollback takes, what the router can do. */
export function lintSteps(context: LintContext): readonly Finding[] {
  return context.canaries.flatMap((canary) => {
    if (canary.spec['skipAnalysis'] === true) return [];
    const found = canary.flavour === 'flagger' ? flaggerSteps(canary) : sluiceSteps(canary);
    return [...found, ...rollbackTime(canary), ...skipFalse(canary)];
  });
}

type At = (path: Path, parts: FindingParts) => Finding;

function placer(canary: CanarySource): At {
  return (path, parts) => findingAt(canary.document, ['spec', ...path], parts);
}

function flaggerSteps(canary: CanarySource): readonly Finding[] {
  const run = flaggerRun(canary.spec);
  const at = placer(canary);
  return [
    ...oneCheckSteps(canary, run, at),
    ...crashDeadline(canary, at),
    ...providerLimits(canary, run, at),
    ...quietNight(canary, at),
    ...silence(canary, at),
    ...promotionJump(canary, run, at),
    ...deletion(canary, at),
  ];
}

function oneCheckSteps({ spec }: CanarySource, run: FlaggerRun, at: At): readonly Finding[] {
  if (run.weights.length < 2) return [];
  const field = has(spec, ['analysis', 'stepWeights']) ? 'stepWeights' : 'stepWeight';
  const interval = formatDuration(run.intervalMs);
  const shown =
    run.weights.length > 12
      ? `${run.weights.slice(0, 10).join(', ')}, … ${run.weights.at(-1)}`
      : run.weights.join(', ');
  const message = `This is ${run.weights.length} steps (${shown} %) of ${interval} and one check each, ${formatDuration(run.healthyMs)} in all.`;
  const fix =
    'for steps with a length of their own write analysis.steps on a sluice.dev Canary: "sluice convert FILE --steps 10:5m,25:10m,50:15m"';
  return [at(['analysis', field], { code: 'steps-one-check', message, fix })];
}

function rollbackTime(canary: CanarySource): readonly Finding[] {
  const run = flaggerRun(canary.spec);
  const onNextTick = canary.flavour === 'flagger';
  const countMs = onNextTick ? run.rollbackMs : run.rollbackMs - run.intervalMs;
  if (countMs < rollbackGoalMs) return [];
  const path = has(canary.spec, ['analysis', 'threshold'])
    ? ['analysis', 'threshold']
    : ['analysis', 'interval'];
  const interval = formatDuration(run.intervalMs);
  const lag = formatDuration(run.intervalMs + checkLagMs);
  const message = `${run.threshold} failed checks, one every ${interval}, keep a bad canary in traffic for ${formatDuration(countMs)}, and up to ${lag} more until the first check sees it.`;
  const fix = `for less than ${goal} write interval: 30s and threshold: 3`;
  return [placer(canary)(path, { code: 'rollback-slow', message, fix })];
}

function crashDeadline({ spec }: CanarySource, at: At): readonly Finding[] {
  const seconds = numberAt(spec, ['progressDeadlineSeconds']);
  const deadlineMs = (seconds ?? 600) * 1000;
  if (deadlineMs < rollbackGoalMs) return [];
  const message = `progressDeadlineSeconds is ${seconds ?? '600 by default'}: a canary that crashes keeps its traffic for ${formatDuration(deadlineMs)}.`;
  const path = seconds === null ? [] : ['progressDeadlineSeconds'];
  return [
    at(path, { code: 'crash-deadline-long', message, fix: 'write progressDeadlineSeconds: 120 under spec' }),
  ];
}

const needsIngress: Readonly<Record<string, string>> = {
  nginx: 'ingressRef',
  skipper: 'ingressRef',
  apisix: 'routeRef',
};

function providerLimits(canary: CanarySource, run: FlaggerRun, at: At): readonly Finding[] {
  const { spec, provider } = canary;
  if (provider === null) return [];
  const found: Finding[] = [];
  const weighted = run.weights.length > 0;
  const mirrors = provider === 'istio' || (provider.startsWith('gatewayapi:') && !weighted);
  if (valueAt(spec, ['analysis', 'mirror']) === true && !mirrors) {
    const message = `mirror: true with the provider ${provider}${weighted ? ' and weights' : ''}: it cannot copy requests.`;
    found.push(
      at(['analysis', 'mirror'], { code: 'mirror-unsupported', message, fix: 'remove mirror, or use Istio' }),
    );
  }
  if (provider === 'kubernetes' && weighted) {
    const message = 'The provider kubernetes cannot send a share of the requests to the canary.';
    found.push(
      at(['provider'], {
        code: 'provider-no-weights',
        message,
        fix: 'choose a mesh, gateway or ingress as provider, or write iterations',
      }),
    );
  }
  const ref = needsIngress[provider];
  if (ref !== undefined && !has(spec, [ref])) {
    found.push(
      at(['provider'], {
        code: 'ingress-ref-missing',
        message: `The provider ${provider} needs ${ref}.`,
        fix: `add ${ref} under spec`,
      }),
    );
  }
  return found;
}

function quietNight(canary: CanarySource, at: At): readonly Finding[] {
  if (
    canary.metrics.length === 0 ||
    canary.hooks.some(({ value }) => isLoadCommand(textAt(value, ['metadata', 'cmd']) ?? ''))
  )
    return [];
  const message = 'No webhook makes load during the analysis.';
  const fix =
    'add a rollout webhook with a load command that outlasts the interval, or make sure that the service always has traffic';
  return [at(['analysis', 'metrics'], { code: 'no-synthetic-load', message, fix })];
}

function silence({ spec }: CanarySource, at: At): readonly Finding[] {
  if (listAt(spec, ['analysis', 'alerts']).length > 0) return [];
  const message = 'The analysis has no alerts.';
  return [
    at(['analysis'], {
      code: 'alerts-missing',
      message,
      fix: 'add alerts with severity: error and a providerRef to an AlertProvider',
    }),
  ];
}

function promotionJump({ spec }: CanarySource, run: FlaggerRun, at: At): readonly Finding[] {
  if (run.weights.length === 0 || (numberAt(spec, ['analysis', 'stepWeightPromotion']) ?? 0) > 0) return [];
  const message = `After ${run.weights.at(-1)} % all traffic goes to the replaced stable pods at once, unjudged.`;
  const fix = 'write analysis.stepWeightPromotion, or promotion: bake on a sluice.dev Canary';
  return [at(['analysis'], { code: 'promotion-jump', message, fix })];
}

function deletion({ spec }: CanarySource, at: At): readonly Finding[] {
  if (spec['revertOnDeletion'] === true) return [];
  const message = 'revertOnDeletion is not set.';
  return [
    at([], {
      code: 'delete-is-outage',
      message,
      fix: 'write revertOnDeletion: true under spec as long as Flagger runs it',
    }),
  ];
}

function skipFalse(canary: CanarySource): readonly Finding[] {
  if (canary.spec['skipAnalysis'] !== false) return [];
  const edit = { kind: 'remove', document: canary.document.index, path: ['spec', 'skipAnalysis'] } as const;
  return [
    placer(canary)(['skipAnalysis'], {
      code: 'skip-analysis-false',
      message: 'skipAnalysis: false says nothing.',
      fix: 'remove it',
      edit,
    }),
  ];
}

function sluiceSteps({ spec, document }: CanarySource): readonly Finding[] {
  const at: At = (path, parts) => findingAt(document, ['spec', ...path], parts);
  const intervalMs = durationAt(spec, ['analysis', 'interval']);
  const found = listAt(spec, ['analysis', 'steps']).flatMap((step, index): Finding[] => {
    const holdMs = durationAt(step, ['duration']);
    if (intervalMs === null || holdMs === null || holdMs >= intervalMs) return [];
    const message = `The step lasts ${formatDuration(holdMs)}, the checks run every ${formatDuration(intervalMs)}.`;
    return [
      at(['analysis', 'steps', index, 'duration'], {
        code: 'step-under-interval',
        message,
        fix: `hold it for ${formatDuration(intervalMs)} or more, or check more often`,
      }),
    ];
  });
  if (spec['promotion'] !== 'rolling' && durationAt(spec, ['bakeDuration']) === 0) {
    found.push(
      at(['bakeDuration'], {
        code: 'bake-zero',
        message: 'bakeDuration is 0.',
        fix: 'write bakeDuration: 10m or more',
      }),
    );
  }
  return found;
}
