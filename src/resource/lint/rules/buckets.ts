import { type Finding, findingAt } from '../../finding.ts';
import { meaningOf } from '../../promql/meaning.ts';
import { parsePromql } from '../../promql/parse.ts';
import { parseObjective } from '../../objective.ts';
import type { CanarySource, LintContext, MetricSourceEntry } from '../context.ts';
import { has, textAt } from '../values.ts';

/** Bounds in seconds that a histogram has unless somebody chose others. */
interface Bounds {
  readonly of: string;
  readonly seconds: readonly number[];
  /** Nobody changes them as a rule. */
  readonly fixed: boolean;
}

const client: Bounds = {
  of: 'the client libraries',
  seconds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  fixed: false,
};
const envoy: Bounds = {
  of: 'Envoy and Istio',
  seconds: [0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600],
  fixed: true,
};
const traefik: Bounds = { of: 'Traefik', seconds: [0.1, 0.3, 1.2, 5], fixed: true };

/** A built-in latency check reads these; nginx and skipper give a mean, and Linkerd's bounds are fine. */
const ofProvider: Readonly<Record<string, Bounds>> = {
  istio: envoy,
  appmesh: envoy,
  contour: envoy,
  gloo: envoy,
  traefik,
};

/**
 * A histogram knows how many requests took at most as long as each of its bounds, and nothing in between. On one machine the proxy
 * makes a bound of every limit, so nothing is said there.
 */
export function lintBuckets(context: LintContext): readonly Finding[] {
  return context.canaries.flatMap((canary) =>
    canary.targetKind === 'Process' ? [] : canary.metrics.flatMap((metric) => between(canary, metric)),
  );
}

interface LatencyLimit {
  readonly seconds: number;
  readonly bounds: Bounds;
  readonly field: readonly string[];
}

function between(
  { document, provider, flavour }: CanarySource,
  metric: MetricSourceEntry,
): readonly Finding[] {
  const limit = latencyLimit(metric, provider ?? (flavour === 'flagger' ? 'istio' : null));
  if (limit === null) return [];
  const { seconds, bounds } = limit;
  const below = bounds.seconds.filter((bound) => bound < seconds).at(-1);
  const above = bounds.seconds.find((bound) => bound >= seconds);
  if (above === seconds) return [];
  const gap =
    below === undefined
      ? `below the lowest, ${above} s`
      : above === undefined
        ? `above the highest, ${below} s`
        : `between ${below} s and ${above} s`;
  const message = `The limit of ${seconds} s is no bound of a histogram with the bounds of ${bounds.of}: it lies ${gap}.`;
  const either = [below, above].filter((bound) => bound !== undefined).map((bound) => `${bound} s`);
  const fix = `add the bound ${seconds} to the histogram, or limit at ${either.join(' or ')}`;
  return [
    findingAt(document, [...metric.path, ...limit.field], {
      code: 'latency-limit-between-bounds',
      severity: bounds.fixed ? 'warning' : 'info',
      message,
      fix,
    }),
  ];
}

function latencyLimit(metric: MetricSourceEntry, provider: string | null): LatencyLimit | null {
  const buckets = textAt(metric.value, ['objective', 'buckets']);
  if (buckets !== null) {
    const parsed = parseObjective(textAt(metric.value, ['objective', 'limit']) ?? '', metric.name);
    if (!parsed.ok || parsed.value.measure.kind !== 'latencyQuantile') return null;
    const seconds = parsed.value.limit.max;
    return seconds === undefined
      ? null
      : { seconds, bounds: boundsOf(buckets), field: ['objective', 'limit'] };
  }
  if (metric.max === null) return null;
  const field = ['thresholdRange', 'max'];
  if (metric.name === 'request-duration' && metric.queries.length === 0) {
    const bounds = provider === null ? undefined : ofProvider[provider];
    return bounds === undefined || has(metric.value, ['templateRef']) || has(metric.value, ['objective'])
      ? null
      : { seconds: metric.max / 1000, bounds, field };
  }
  for (const { text } of metric.queries) {
    const parsed = parsePromql(text);
    const meaning = parsed.ok ? meaningOf(parsed.value) : null;
    if (meaning?.kind !== 'quantile') continue;
    const name = meaning.buckets.metric ?? '';
    // By convention the name says the unit.
    const unit = /_(milliseconds|ms)(_bucket)?$/.test(name) ? 1000 : 1;
    const seconds = Number((metric.max / meaning.scale / unit).toPrecision(12));
    return /^(response_latency_ms)/.test(name) ? null : { seconds, bounds: boundsOf(name), field };
  }
  return null;
}

function boundsOf(series: string): Bounds {
  if (/^(istio|envoy)_/.test(series)) return envoy;
  return series.startsWith('traefik_') ? traefik : client;
}
