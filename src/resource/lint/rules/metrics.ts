import { formatDuration } from '../../../lib/duration.ts';
import { type Finding, findingAt } from '../../finding.ts';
import type { CanarySource, LintContext, MetricSourceEntry } from '../context.ts';
import { flaggerRun } from '../flagger-arithmetic.ts';
import { configMapMetrics, type ConfigMapMetric } from '../config-map-metrics.ts';
import { durationAt, has } from '../values.ts';

const meanProviders = new Set(['nginx', 'skipper']);

/** What can be said of a Canary's metrics without reading a query. */
export function lintMetrics(context: LintContext): readonly Finding[] {
  const fromConfigMaps = configMapMetrics(context.documents);
  return context.canaries.flatMap((canary) => [
    ...sameCheck(canary),
    ...canary.metrics.flatMap((metric) => [
      ...doubtfulUnit(canary, metric, fromConfigMaps),
      ...builtInQuantile(canary, metric, fromConfigMaps),
      ...intervalOverStep(canary, metric),
    ]),
  ]);
}

function isBuiltIn(metric: MetricSourceEntry, name: string): boolean {
  return metric.name === name && metric.queries.length === 0 && !has(metric.value, ['templateRef']);
}

/** A least success rate of 99 and a largest error rate of 0.1 are one check with two limits. */
function sameCheck(canary: CanarySource): readonly Finding[] {
  const success = canary.metrics.find(
    (metric) => metric.name === 'request-success-rate' && metric.min !== null,
  );
  const error = canary.metrics.find((metric) => metric.name === 'error-rate' && metric.max !== null);
  if (!success || !error || success.min === null || error.max === null) return [];
  const implied = round(100 - success.min);
  const least = round(100 - error.max);
  const agree = implied === error.max;
  const message = agree
    ? `request-success-rate of at least ${success.min} and error-rate of at most ${error.max} are the same check.`
    : `request-success-rate of at least ${success.min} allows ${implied} % of errors, error-rate of at most ${error.max} allows ${error.max} %: one number with two limits.`;
  const stricter = Math.max(success.min, least);
  const edit =
    agree || stricter === success.min
      ? null
      : ({
          kind: 'set',
          document: canary.document.index,
          path: [...success.path, 'thresholdRange', 'min'],
          value: stricter,
        } as const);
  const fix = agree ? 'keep one of the two' : `write thresholdRange.min: ${stricter}, or drop one of the two`;
  const severity = agree ? 'info' : 'warning';
  return [
    findingAt(canary.document, [...success.path, 'thresholdRange', 'min'], {
      code: 'metric-same-check',
      severity,
      message,
      fix,
      edit,
    }),
  ];
}

function round(value: number): number {
  return Number(value.toFixed(9));
}

function doubtfulUnit(
  canary: CanarySource,
  metric: MetricSourceEntry,
  fromConfigMaps: readonly ConfigMapMetric[],
): readonly Finding[] {
  if (
    !/error|fail/i.test(metric.name) ||
    metric.max === null ||
    metric.max <= 0 ||
    metric.max > 1 ||
    metric.queries.length > 0
  )
    return [];
  if (has(metric.value, ['templateRef']) || has(metric.value, ['objective'])) return [];
  const meant = fromConfigMaps.find(({ name }) => name === metric.name)?.meaning;
  if (meant?.kind === 'ratio' && meant.scale === 100 && canary.flavour === 'sluice') return [];
  const share = round(metric.max * 100);
  const message = `${metric.name} has the limit ${metric.max} and no query: as a percentage that is ${metric.max} %, as a share ${share} %.`;
  const fix =
    canary.flavour === 'sluice'
      ? `write objective: "${metric.max} %"`
      : `give it a templateRef to a query that ends in * 100, and keep ${metric.max} for ${metric.max} %`;
  return [
    findingAt(canary.document, [...metric.path, 'thresholdRange', 'max'], {
      code: 'metric-unit-doubtful',
      message,
      fix,
    }),
  ];
}

function builtInQuantile(
  canary: CanarySource,
  metric: MetricSourceEntry,
  fromConfigMaps: readonly ConfigMapMetric[],
): readonly Finding[] {
  if (canary.flavour === 'sluice' || !isBuiltIn(metric, 'request-duration')) return [];
  const mean = canary.provider !== null && meanProviders.has(canary.provider);
  const judged = mean ? 'the mean' : 'p99';
  const meant = fromConfigMaps.find(({ name }) => name === metric.name)?.meaning;
  const wanted = meant?.kind === 'quantile' ? `p${round(meant.quantile * 100)}` : null;
  if (wanted === judged) return [];
  const limit = metric.max === null ? '' : ` of at most ${metric.max} ms`;
  const message =
    wanted === null
      ? `request-duration${limit} judges ${judged} of the latency.`
      : `request-duration${limit} judges ${judged} of the latency, while the query written for it in a ConfigMap is ${wanted}.`;
  const fix = `if ${wanted ?? 'p95'} is meant, refer to a MetricTemplate with histogram_quantile(${meant?.kind === 'quantile' ? meant.quantile : 0.95}, …)`;
  return [
    findingAt(canary.document, [...metric.path, 'name'], {
      code: 'metric-p99',
      severity: wanted === null ? 'info' : 'warning',
      message,
      fix,
    }),
  ];
}

function intervalOverStep(canary: CanarySource, metric: MetricSourceEntry): readonly Finding[] {
  const windowMs = durationAt(metric.value, ['interval']);
  if (windowMs === null || canary.flavour === 'sluice') return [];
  const { intervalMs } = flaggerRun(canary.spec);
  if (windowMs <= intervalMs) return [];
  const message = `${metric.name || 'the metric'} looks back ${formatDuration(windowMs)}, a step lasts ${formatDuration(intervalMs)}.`;
  const fix = `write interval: ${formatDuration(intervalMs)} or less`;
  return [
    findingAt(canary.document, [...metric.path, 'interval'], {
      code: 'metric-interval-over-step',
      message,
      fix,
    }),
  ];
}
