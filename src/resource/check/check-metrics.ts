import { type Finding, findingAt } from '../finding.ts';
import { judgesOf, someWeighEvidence } from '../judges-of.ts';
import { metricKind, objectiveText } from '../metric-kind.ts';
import { nearestName } from '../nearest-name.ts';
import { parseObjective } from '../objective.ts';
import type { MetricValue } from '../schema/analysis.ts';
import type { CanaryResource } from './resource.ts';

const builtIns = ['request-success-rate', 'request-duration', 'error-rate'];
const gauges = ['memory', 'cpu'];

/** What is wrong or surprising in `analysis.metrics`, each metric for itself and all by name. */
export function checkMetrics(canary: CanaryResource): readonly Finding[] {
  const metrics = canary.value.spec.analysis?.metrics ?? [];
  const names = new Set<string>();
  return metrics.flatMap((metric, index) => {
    const findings = [...checkSource(canary, metric, index), ...checkLimit(canary, metric, index)];
    if (names.has(metric.name)) {
      const message = `A metric named "${metric.name}" stands above already.`;
      const parts = { code: 'metric-duplicate', message, fix: 'give each metric its own name' } as const;
      findings.push(findingAt(canary.document, [...pathOf(index), 'name'], parts));
    }
    names.add(metric.name);
    return findings;
  });
}

function pathOf(index: number): (string | number)[] {
  return ['spec', 'analysis', 'metrics', index];
}

function checkSource(canary: CanaryResource, metric: MetricValue, index: number): Finding[] {
  const { document, flavour } = canary;
  const path = pathOf(index);
  const findings: Finding[] = [];
  switch (metricKind(metric)) {
    case null:
      findings.push(withoutQuery(canary, metric, path));
      break;
    case 'memory':
    case 'cpu':
      if (flavour === 'flagger') findings.push(withoutQuery(canary, metric, path));
      break;
    case 'errorShare': {
      if (flavour === 'sluice') break;
      const message = 'The metric "error-rate" has neither a query nor a templateRef.';
      const fix = 'add a templateRef to a MetricTemplate that holds the query';
      findings.push(findingAt(document, [...path, 'name'], { code: 'metric-error-rate', message, fix }));
      break;
    }
    case 'template':
      if (metric.interval === undefined) {
        const message = `The metric "${metric.name}" has no interval; 1m is used.`;
        const edit = {
          kind: 'set',
          document: document.index,
          path: [...path, 'interval'],
          value: '1m',
        } as const;
        findings.push(
          findingAt(document, path, { code: 'metric-no-interval', message, fix: 'add interval: 1m', edit }),
        );
      }
      if (metric.query !== undefined) {
        const message = `The metric "${metric.name}" has both a query and a templateRef.`;
        findings.push(
          findingAt(document, [...path, 'query'], {
            code: 'metric-two-queries',
            message,
            fix: 'remove the query',
          }),
        );
      }
      break;
    case 'objective':
    case 'query':
    case 'successShare':
    case 'latency':
      break;
  }
  return [...findings, ...settingsUnused(canary, metric, path)];
}

function withoutQuery(canary: CanaryResource, metric: MetricValue, path: (string | number)[]): Finding {
  const near = nearestName(metric.name, canary.flavour === 'sluice' ? [...builtIns, ...gauges] : builtIns);
  const message = `The metric "${metric.name}" has neither a query nor a templateRef.`;
  const fix =
    near === null
      ? 'add a templateRef to a MetricTemplate that holds the query'
      : `write ${near}, or add a templateRef`;
  return findingAt(canary.document, [...path, 'name'], { code: 'metric-without-query', message, fix });
}

/** Replicas are compared under every judge. */
function isGauge(metric: MetricValue): boolean {
  const kind = metricKind(metric);
  return kind === 'memory' || kind === 'cpu';
}

function settingsUnused(canary: CanaryResource, metric: MetricValue, path: (string | number)[]): Finding[] {
  const findings: Finding[] = [];
  const unused = (field: string, message: string): Finding =>
    findingAt(canary.document, [...path, field], {
      code: 'judge-setting-unused',
      message,
      fix: `remove ${field}`,
    });
  if (metric.compare !== undefined && !isGauge(metric) && !someWeighEvidence(judgesOf(canary)))
    findings.push(unused('compare', `The metric "${metric.name}" is to be compared with stable.`));
  if (metric.critical !== undefined && !isGauge(metric))
    findings.push(unused('critical', `The metric "${metric.name}" is to be critical.`));
  return findings;
}

function checkLimit(canary: CanaryResource, metric: MetricValue, index: number): readonly Finding[] {
  const { document, flavour } = canary;
  const path = pathOf(index);
  const { thresholdRange: range, objective, threshold } = metric;
  if (objective !== undefined) return checkObjective(canary, metric, index);
  if (range !== undefined) {
    const { min, max } = range;
    const at = [...path, 'thresholdRange'];
    if (min === undefined && max === undefined) return [unbounded(canary, metric, at)];
    if (min !== undefined && max !== undefined && min > max) {
      const message = `min is ${min} and max is ${max}.`;
      return [findingAt(document, at, { code: 'metric-limit-empty', message, fix: 'swap them' })];
    }
    const share = metricKind(metric) === 'successShare' || metricKind(metric) === 'errorShare';
    if (share && [min, max].some((bound) => bound !== undefined && (bound < 0 || bound > 100))) {
      const message = `The metric "${metric.name}" is from 0 to 100 %.`;
      return [
        findingAt(document, at, { code: 'metric-limit-range', message, fix: 'write a bound from 0 to 100' }),
      ];
    }
    return [];
  }
  if (threshold !== undefined) {
    const side = metric.name === 'request-success-rate' ? 'min' : 'max';
    const message = `The metric "${metric.name}" has a threshold; it is read as ${side}.`;
    const fix = `write thresholdRange: {${side}: ${threshold}}`;
    return [
      findingAt(document, [...path, 'threshold'], { code: 'metric-threshold-deprecated', message, fix }),
    ];
  }
  if (metric.compare === 'stable' && someWeighEvidence(judgesOf(canary))) return [];
  if (isGauge(metric) && metric.compare !== 'none') return [];
  if (flavour === 'sluice') return [unbounded(canary, metric, path)];
  const message = `The metric "${metric.name}" has no thresholdRange.`;
  return [
    findingAt(document, path, {
      code: 'metric-threshold-omitted',
      message,
      fix: 'add thresholdRange with min or max',
    }),
  ];
}

function checkObjective(canary: CanaryResource, metric: MetricValue, index: number): readonly Finding[] {
  const path = [...pathOf(index), 'objective'];
  const parsed = parseObjective(objectiveText(metric.objective ?? ''), metric.name);
  if (!parsed.ok) {
    const fix = 'write "0.1 %", "> 99.9 %" or "p95 2 s"';
    return [
      findingAt(canary.document, path, { code: 'invalid-objective', message: `${parsed.error}.`, fix }),
    ];
  }
  if (metric.thresholdRange === undefined && metric.threshold === undefined) return [];
  const message = `The metric "${metric.name}" has both an objective and a threshold.`;
  return [
    findingAt(canary.document, path, { code: 'invalid-objective', message, fix: 'keep the objective' }),
  ];
}

function unbounded(canary: CanaryResource, metric: MetricValue, path: (string | number)[]): Finding {
  const message = `The metric "${metric.name}" has no limit.`;
  const severity = canary.flavour === 'sluice' ? 'error' : 'warning';
  return findingAt(canary.document, path, {
    code: 'metric-unbounded',
    message,
    severity,
    fix: 'add min or max to thresholdRange',
  });
}
