import { formatDuration } from '../../../lib/duration.ts';
import { type Finding, findingAt } from '../../finding.ts';
import { parseObjective } from '../../objective.ts';
import type { CanarySource, LintContext, MetricSourceEntry } from '../context.ts';
import { flaggerRun } from '../flagger-arithmetic.ts';
import { configMapMetrics, type ConfigMapMetric } from '../config-map-metrics.ts';
import { durationAt, has, textAt } from '../values.ts';

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

/** One number with a limit: how many of which requests may fail, in percent. */
interface ShareLimit {
  readonly metric: MetricSourceEntry;
  readonly allowed: number;
  /** As written, and how to write another one. */
  readonly shown: string;
  readonly side: 'min' | 'max';
  readonly objective: boolean;
  /** Equal for metrics that count the same requests. */
  readonly counted: string;
  /** Of what `allowed` is the share that may be. */
  readonly what: string;
}

/** A least success rate of 99 and a largest error rate of 0.1 are one check with two limits. */
function sameCheck(canary: CanarySource): readonly Finding[] {
  const limits = canary.metrics.flatMap((metric) => shareLimit(canary, metric) ?? []);
  return limits.flatMap((limit, index) => {
    const twin = limits.find((other, at) => at !== index && other.counted === limit.counted);
    // Said once, at the laxer one; where they agree, at the second.
    if (
      !twin ||
      limit.allowed < twin.allowed ||
      (limit.allowed === twin.allowed && limits.indexOf(twin) > index)
    )
      return [];
    return [sameCheckFinding(canary, limit, twin)];
  });
}

function sameCheckFinding(canary: CanarySource, limit: ShareLimit, twin: ShareLimit): Finding {
  const path = limit.objective
    ? [...limit.metric.path, 'objective']
    : [...limit.metric.path, 'thresholdRange', limit.side];
  const both = `${limit.metric.name} ${limit.shown} and ${twin.metric.name} ${twin.shown}`;
  if (limit.allowed === twin.allowed) {
    return findingAt(canary.document, path, {
      code: 'metric-same-check',
      severity: 'info',
      message: `${both} are the same check.`,
      fix: 'keep one of the two',
    });
  }
  const message = `${both} are one number with two limits: ${limit.allowed} % and ${twin.allowed} % of ${limit.what}.`;
  const wanted = limit.side === 'min' ? round(100 - twin.allowed) : twin.allowed;
  const slow = limit.what !== errors;
  const edit =
    limit.objective || slow
      ? null
      : ({ kind: 'set', document: canary.document.index, path, value: wanted } as const);
  const fix =
    limit.objective || slow
      ? `write the stricter limit in both, or drop one of the two`
      : `write thresholdRange.${limit.side}: ${wanted}, or drop one of the two`;
  return findingAt(canary.document, path, { code: 'metric-same-check', message, fix, edit });
}

const errors = 'errors';

function shareLimit(canary: CanarySource, metric: MetricSourceEntry): ShareLimit | null {
  const written = textAt(metric.value, ['objective']) ?? textAt(metric.value, ['objective', 'limit']);
  if (written !== null) return objectiveLimit(canary, metric, written);
  if (has(metric.value, ['templateRef']) || has(metric.value, ['query'])) return null;
  const common = { metric, objective: false, counted: 'requests', what: errors };
  if (metric.name === 'request-success-rate' && metric.min !== null) {
    return { ...common, side: 'min', allowed: round(100 - metric.min), shown: `of at least ${metric.min}` };
  }
  if (metric.name === 'error-rate' && metric.max !== null)
    return { ...common, side: 'max', allowed: metric.max, shown: `of at most ${metric.max}` };
  const mean = canary.provider !== null && meanProviders.has(canary.provider);
  if (metric.name === 'request-duration' && metric.max !== null && !mean) {
    const slow = slowerThan(metric.max / 1000);
    return { ...common, side: 'max', allowed: 1, shown: `of at most ${metric.max} ms`, ...slow };
  }
  return null;
}

function slowerThan(seconds: number, buckets: string | null = null): Pick<ShareLimit, 'counted' | 'what'> {
  return {
    counted: `slower than ${seconds} of ${buckets ?? 'requests'}`,
    what: `requests slower than ${seconds} s`,
  };
}

/** On one machine the proxy counts all requests, whatever the selectors say. */
function objectiveLimit(canary: CanarySource, metric: MetricSourceEntry, written: string): ShareLimit | null {
  const parsed = parseObjective(written, metric.name);
  if (!parsed.ok) return null;
  const { measure, limit } = parsed.value;
  const { min, max } = limit;
  const selector = (key: string): string | null =>
    canary.targetKind === 'Process' ? null : textAt(metric.value, ['objective', key]);
  if (measure.kind === 'latencyQuantile') {
    if (max === undefined) return null;
    const allowed = round(100 - measure.quantile * 100);
    const slow = slowerThan(max, selector('buckets'));
    return { metric, objective: true, side: 'max', allowed, shown: written, ...slow };
  }
  const bad = selector('bad');
  const counted = bad === null ? 'requests' : `${selector('total')} ${bad}`;
  const allowed = min === undefined ? (max ?? 0) : round(100 - min);
  return {
    metric,
    objective: true,
    side: min === undefined ? 'max' : 'min',
    allowed,
    shown: written,
    counted,
    what: errors,
  };
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
