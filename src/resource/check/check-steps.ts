import { formatDuration } from '../../lib/duration.ts';
import { type Finding, findingAt, type FindingParts, type Path } from '../finding.ts';
import { strategyOf } from '../strategy-of.ts';
import type { CanaryResource } from './resource.ts';

const planFields = ['steps', 'stepWeights', 'stepWeight', 'iterations'] as const;

/** What is wrong or surprising in how the traffic is to move: weights, iterations, steps and the interval. */
export function checkSteps(canary: CanaryResource): readonly Finding[] {
  const { analysis } = canary.value.spec;
  if (analysis === undefined) return missingAnalysis(canary);
  return [
    ...checkChoice(canary),
    ...checkStepWeight(canary),
    ...checkStepWeights(canary),
    ...checkOwnSteps(canary),
    ...checkWholePercents(canary),
    ...checkInterval(canary),
    ...checkMirror(canary),
  ];
}

function at(canary: CanaryResource, field: Path, parts: FindingParts): Finding {
  return findingAt(canary.document, ['spec', 'analysis', ...field], parts);
}

function missingAnalysis(canary: CanaryResource): readonly Finding[] {
  const { strategy } = canary.value.spec;
  const message = 'spec.analysis is missing.';
  const fix = 'add analysis with steps and metrics';
  if (
    canary.flavour === 'flagger' ||
    (strategy !== undefined && strategy !== 'Rolling' && strategy !== 'Recreate')
  ) {
    return [findingAt(canary.document, ['spec'], { code: 'analysis-missing', message, fix })];
  }
  return [];
}

function checkChoice(canary: CanaryResource): readonly Finding[] {
  const { analysis, skipAnalysis } = canary.value.spec;
  if (analysis === undefined) return [];
  const chosen = planFields.filter((field) => analysis[field] !== undefined);
  const second = chosen[1];
  if (second !== undefined) {
    const message = `The analysis has ${chosen.join(' and ')}.`;
    return [at(canary, [second], { code: 'steps-conflict', message, fix: 'keep one of them' })];
  }
  const strategy = strategyOf(canary);
  const rolls = strategy === 'Rolling' || strategy === 'Recreate';
  if (chosen.length === 0) {
    if (rolls || (skipAnalysis === true && canary.flavour === 'sluice')) return [];
    const message = 'The analysis says in no way how the traffic is to move.';
    return [
      at(canary, [], {
        code: 'steps-missing',
        message,
        fix: `add one of ${planFields.toReversed().join(', ')}`,
      }),
    ];
  }
  const field = chosen[0] ?? 'steps';
  const conflict = (message: string, fix: string): readonly Finding[] => [
    at(canary, [field], { code: 'strategy-conflict', message, fix }),
  ];
  if (rolls)
    return conflict(`The strategy ${strategy} has no canary, so ${field} means nothing.`, `remove ${field}`);
  const weighted = field === 'stepWeight' || field === 'stepWeights';
  if (weighted && analysis.match !== undefined) {
    return conflict(
      'Weights inside a matched group are not supported.',
      'write iterations instead, or remove match',
    );
  }
  if (weighted !== (strategy === 'Canary') && field !== 'steps') {
    return conflict(
      `The strategy ${strategy} does not go with ${field}.`,
      `remove strategy, or write ${weighted ? 'iterations' : 'stepWeights'}`,
    );
  }
  if (strategy !== 'ABTest' && analysis.match !== undefined) {
    return conflict(
      `The strategy ${strategy} does not look at match.`,
      'write strategy: ABTest, or remove match',
    );
  }
  if (strategy === 'ABTest' && (analysis.match ?? []).length === 0) {
    return [
      at(canary, [], {
        code: 'match-missing',
        message: 'There is no match.',
        fix: 'add match with headers or cookies',
      }),
    ];
  }
  return [];
}

function checkStepWeight(canary: CanaryResource): readonly Finding[] {
  const { stepWeight, maxWeight = 100, iterations } = canary.value.spec.analysis ?? {};
  if (iterations === 0) {
    return [
      at(canary, ['iterations'], {
        code: 'step-weight-zero',
        message: 'iterations is 0.',
        fix: 'write 1 or more',
      }),
    ];
  }
  if (stepWeight === undefined) return [];
  if (stepWeight === 0) {
    return [
      at(canary, ['stepWeight'], {
        code: 'step-weight-zero',
        message: 'stepWeight is 0.',
        fix: 'write a weight from 1 to 100',
      }),
    ];
  }
  if (maxWeight === 0) {
    return [
      at(canary, ['maxWeight'], {
        code: 'step-weight-zero',
        message: 'maxWeight is 0.',
        fix: 'write a weight from 1 to 100',
      }),
    ];
  }
  const last = Math.min(100, Math.ceil(maxWeight / stepWeight) * stepWeight);
  if (last <= maxWeight) return [];
  const message = `Steps of ${stepWeight} reach ${last} %, above maxWeight ${maxWeight}.`;
  return [
    at(canary, ['maxWeight'], {
      code: 'weight-overshoot',
      message,
      fix: `write maxWeight: ${last}, or stepWeights`,
    }),
  ];
}

function checkStepWeights(canary: CanaryResource): readonly Finding[] {
  const { stepWeights, maxWeight } = canary.value.spec.analysis ?? {};
  if (stepWeights === undefined) return [];
  if (stepWeights.length === 0) {
    return [
      at(canary, ['stepWeights'], {
        code: 'steps-missing',
        message: 'stepWeights is empty.',
        fix: 'write rising weights, such as [10, 25, 50]',
      }),
    ];
  }
  const findings = checkRising(canary, stepWeights, (index) => ['stepWeights', index]);
  if (maxWeight !== undefined) {
    const message = `maxWeight ${maxWeight} is ignored: the last of stepWeights is the ceiling.`;
    findings.push(
      at(canary, ['maxWeight'], { code: 'max-weight-ignored', message, fix: 'remove maxWeight' }),
    );
  }
  return findings;
}

function checkRising(
  canary: CanaryResource,
  weights: readonly (number | undefined)[],
  pathOf: (index: number) => Path,
): Finding[] {
  let before = 0;
  const findings: Finding[] = [];
  for (const [index, weight] of weights.entries()) {
    if (weight === undefined) continue;
    if (weight <= before) {
      const message =
        index === 0 || before === 0 ? `The first weight is ${weight}.` : `${weight} comes after ${before}.`;
      findings.push(
        at(canary, pathOf(index), {
          code: 'step-weights-not-rising',
          message,
          fix: 'write weights above 0 that rise from step to step',
        }),
      );
    }
    before = weight;
  }
  return findings;
}

function checkWholePercents(canary: CanaryResource): readonly Finding[] {
  const { stepWeight, maxWeight, stepWeights = [], mirrorWeight } = canary.value.spec.analysis ?? {};
  if (canary.flavour !== 'flagger') return [];
  const weights: readonly (readonly [Path, number | undefined])[] = [
    [['stepWeight'], stepWeight],
    [['maxWeight'], maxWeight],
    [['mirrorWeight'], mirrorWeight],
    ...stepWeights.map((weight, index) => [['stepWeights', index], weight] as const),
  ];
  return weights.flatMap(([path, weight]) => {
    if (weight === undefined || Number.isInteger(weight)) return [];
    const message = `The weight ${weight} is not whole.`;
    const why = 'Flagger and its routers know whole percents only.';
    return [
      at(canary, path, {
        code: 'weight-range',
        message,
        why,
        fix: `write ${Math.max(1, Math.round(weight))}`,
      }),
    ];
  });
}

function checkOwnSteps(canary: CanaryResource): readonly Finding[] {
  const steps = canary.value.spec.analysis?.steps;
  if (steps === undefined) return [];
  if (steps.length === 0)
    return [
      at(canary, ['steps'], {
        code: 'steps-missing',
        message: 'steps is empty.',
        fix: 'add a step with weight and duration',
      }),
    ];
  const strategy = strategyOf(canary);
  if (strategy === 'Canary') {
    const missing = steps.flatMap((step, index) => {
      if (step.weight !== undefined) return [];
      const message = `Step ${index + 1} has no weight.`;
      return [at(canary, ['steps', index], { code: 'missing-field', message, fix: 'add weight' })];
    });
    return [
      ...missing,
      ...checkRising(
        canary,
        steps.map((step) => step.weight),
        (index) => ['steps', index, 'weight'],
      ),
    ];
  }
  if (strategy === 'Rolling' || strategy === 'Recreate') return [];
  return steps.flatMap((step, index) => {
    if (step.weight === undefined) return [];
    const message = `Step ${index + 1} has a weight, but ${strategy} sends no share of the requests.`;
    return [
      at(canary, ['steps', index, 'weight'], { code: 'strategy-conflict', message, fix: 'remove weight' }),
    ];
  });
}

function checkInterval(canary: CanaryResource): readonly Finding[] {
  const { interval } = canary.value.spec.analysis ?? {};
  if (canary.flavour !== 'flagger') return [];
  if (interval === undefined) {
    const parts = {
      code: 'missing-field',
      severity: 'warning',
      message: 'analysis.interval is missing; 1m is used.',
      fix: 'add interval: 1m',
    } as const;
    return [
      at(canary, [], { ...parts, why: "Flagger's schema wants it, so a cluster refuses the manifest." }),
    ];
  }
  const written = writtenText(canary);
  const findings: Finding[] = [];
  if (!/^\d+(m|s)$|^(\d+m)(\d+s)?$/.test(written)) {
    const fix = `write ${Math.max(10, Math.round(interval / 1000))}s`;
    findings.push(
      at(canary, ['interval'], {
        code: 'interval-not-flagger',
        message: `The interval is "${written}".`,
        fix,
      }),
    );
  }
  if (interval < 10_000) {
    const message = `The interval is ${formatDuration(interval)}; 10s is used.`;
    findings.push(at(canary, ['interval'], { code: 'interval-raised', message, fix: 'write 10s or more' }));
  }
  return findings;
}

function writtenText(canary: CanaryResource): string {
  const spec = canary.document.value['spec'] as
    | { readonly analysis?: { readonly interval?: unknown } }
    | undefined;
  return String(spec?.analysis?.interval);
}

function checkMirror(canary: CanaryResource): readonly Finding[] {
  const { mirror, mirrorWeight } = canary.value.spec.analysis ?? {};
  if (mirror !== true || mirrorWeight !== 0) return [];
  return [
    at(canary, ['mirrorWeight'], {
      code: 'mirror-weight',
      message: 'mirrorWeight is 0.',
      fix: 'write a weight from 1 to 100',
    }),
  ];
}
