import type { CheckPlan, Limit, Measure } from '../../analysis/judge.ts';
import { countedMeasure } from '../../analysis/measure.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { CanaryResource, MetricTemplateResource } from '../check/resource.ts';
import { type Finding, findingAt, type FindingParts } from '../finding.ts';
import { metricKind, objectiveText } from '../metric-kind.ts';
import { parseObjective } from '../objective.ts';
import type { MetricValue } from '../schema/analysis.ts';
import type { MetricQuery } from '../service-spec.ts';
import { isIn } from './process-template.ts';
import { renderQuery } from './query-template.ts';
import { uniqueNames } from './unique-names.ts';

export interface Checks {
  readonly checks: readonly CheckPlan[];
  readonly queries: Readonly<Record<string, MetricQuery>>;
  readonly findings: readonly Finding[];
  /** Templates that were used: part of the service's source. */
  readonly templates: readonly MetricTemplateResource[];
}

interface OneCheck {
  readonly check: CheckPlan | null;
  readonly query: MetricQuery | null;
  readonly template: MetricTemplateResource | null;
  readonly findings: readonly Finding[];
}

/** Fewer requests than this say nothing about a share, unless the metric says otherwise. Flagger has no such rule. */
const leastRequests = 20;

/** The checks of a Canary: measured by the proxy where they can be, asked from Prometheus where they cannot. */
export function checksOf(canary: CanaryResource, templates: readonly MetricTemplateResource[]): Checks {
  const metrics = canary.value.spec.analysis?.metrics ?? [];
  const names = uniqueNames(metrics.map((metric) => metric.name));
  const all = metrics.map((metric, index) =>
    oneCheck(canary, metric, index, names[index] ?? metric.name, templates),
  );
  return {
    checks: all.flatMap(({ check }) => check ?? []),
    queries: Object.fromEntries(
      all.flatMap(({ check, query }) => (check && query ? [[check.name, query] as const] : [])),
    ),
    findings: all.flatMap(({ findings }) => findings),
    templates: [...new Set(all.flatMap(({ template }) => template ?? []))],
  };
}

function oneCheck(
  canary: CanaryResource,
  metric: MetricValue,
  index: number,
  name: string,
  templates: readonly MetricTemplateResource[],
): OneCheck {
  const build = (
    measure: Measure,
    limit: Limit,
    shown: Pick<CheckPlan, 'shownUnit' | 'shownScale'>,
  ): CheckPlan => {
    const floor = countedMeasure(measure) === null || canary.flavour === 'flagger' ? 0 : leastRequests;
    return {
      name,
      measure,
      limit,
      ...shown,
      windowMs: metric.interval ?? 60_000,
      minRequests: metric.minRequests ?? floor,
      ...(metric.compare === 'none' && { compare: false }),
      ...(metric.critical !== undefined && { gauge: { critical: metric.critical } }),
    };
  };
  const only = (check: CheckPlan | null, findings: readonly Finding[] = []): OneCheck => ({
    check,
    query: null,
    template: null,
    findings,
  });
  const kind = metricKind(metric);
  if (kind === null) return only(null);
  if (kind === 'successShare' || kind === 'errorShare')
    return only(build({ kind }, limitOf(metric), asPercent));
  if (kind === 'memory' || kind === 'cpu') {
    // Flagger knows no such metric.
    if (canary.flavour === 'flagger') return only(null);
    const shown = kind === 'memory' ? asMegabytes : asCores;
    return only(build({ kind: 'gauge', usage: kind }, gaugeLimit(metric, shown.shownScale), shown));
  }
  if (kind === 'latency') {
    return only(
      build({ kind: 'latencyQuantile', quantile: 0.99 }, inSeconds(limitOf(metric)), asMilliseconds),
    );
  }
  if (kind === 'objective') {
    const parsed = parseObjective(objectiveText(metric.objective ?? ''), metric.name);
    if (!parsed.ok) return only(null);
    const { measure, limit } = parsed.value;
    const shown = measure.kind === 'latencyQuantile' ? asMilliseconds : asPercent;
    return only(build(measure, limit, shown), selectorsUnused(canary, metric, index));
  }
  const asked = queryOf(canary, metric, index, templates);
  const check = asked.query && build({ kind: 'sample' }, limitOf(metric), { shownUnit: '', shownScale: 1 });
  return { ...asked, check };
}

const asPercent = { shownUnit: '%', shownScale: 1 };
/** Seconds inside, milliseconds in print, as in Flagger's messages. */
const asMilliseconds = { shownUnit: 'ms', shownScale: 1000 };
/** Bytes inside. */
const asMegabytes = { shownUnit: 'MB', shownScale: 1e-6 };
const asCores = { shownUnit: 'cores', shownScale: 1 };

/** Written in the unit that is shown. Without a limit stable alone is the measure. */
function gaugeLimit(metric: MetricValue, scale: number): Limit {
  if (metric.thresholdRange === undefined && metric.threshold === undefined) return {};
  const { min, max } = limitOf(metric);
  const inner = (bound: number | undefined): number | undefined =>
    bound === undefined ? undefined : Number((bound / scale).toPrecision(12));
  return bounds(inner(min), inner(max));
}

/** Flagger's reading of the deprecated `threshold`: a floor for the success rate, a ceiling of 0 or more for everything else. */
function limitOf(metric: MetricValue): Limit {
  const { thresholdRange: range, threshold = 0, name, compare } = metric;
  if (range !== undefined) return bounds(range.min, range.max);
  // Held against stable and nothing else.
  if (compare === 'stable' && metric.threshold === undefined) return {};
  return name === 'request-success-rate' ? { min: threshold } : { max: threshold };
}

function bounds(min: number | undefined, max: number | undefined): Limit {
  return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
}

function inSeconds({ min, max }: Limit): Limit {
  return bounds(min === undefined ? undefined : min / 1000, max === undefined ? undefined : max / 1000);
}

function selectorsUnused(canary: CanaryResource, metric: MetricValue, index: number): readonly Finding[] {
  const { objective } = metric;
  if (typeof objective !== 'object') return [];
  if (objective.total === undefined && objective.bad === undefined && objective.buckets === undefined)
    return [];
  const message = `The objective of "${metric.name}" has selectors.`;
  const parts = { code: 'objective-by-proxy', message, fix: 'nothing: the limit is the same' } as const;
  return [findingAt(canary.document, ['spec', 'analysis', 'metrics', index, 'objective'], parts)];
}

function queryOf(
  canary: CanaryResource,
  metric: MetricValue,
  index: number,
  templates: readonly MetricTemplateResource[],
): Omit<OneCheck, 'check'> {
  const { document, value } = canary;
  const path = ['spec', 'analysis', 'metrics', index];
  const refuse = (parts: FindingParts): Omit<OneCheck, 'check'> => ({
    query: null,
    template: null,
    findings: [findingAt(document, path, parts)],
  });
  const ref = metric.templateRef;
  const template = ref
    ? templates.find((one) => isIn(one, ref.namespace ?? document.namespace, ref.name))
    : undefined;
  if (ref && template === undefined) {
    const message = `There is no MetricTemplate ${ref.namespace ?? document.namespace}/${ref.name}.`;
    return refuse({
      code: 'metric-template-missing',
      message,
      fix: 'apply the template in the same command',
    });
  }
  const provider = template?.value.spec.provider;
  if (provider && (provider.type !== 'prometheus' || provider.secretRef !== undefined)) {
    const message =
      provider.type === 'prometheus'
        ? `The provider of "${metric.name}" takes its credentials from a Secret.`
        : `The provider of "${metric.name}" is ${provider.type}.`;
    return refuse({
      code: 'metric-provider-unsupported',
      message,
      fix: 'ask a Prometheus without credentials, or leave the metric out here',
    });
  }
  const address = provider ? provider.address : value.spec.metricsServer;
  if (address === undefined || address === '') {
    const fix = provider ? 'add provider.address to the template' : 'add spec.metricsServer';
    return refuse({
      code: 'metric-provider-missing',
      message: `Nothing says which server "${metric.name}" is asked from.`,
      fix,
    });
  }
  const intervalMs = metric.interval ?? 60_000;
  const { targetRef, service, ingressRef, routeRef } = value.spec;
  const rendered = renderQuery(template?.value.spec.query ?? metric.query ?? '', {
    name: document.name,
    namespace: document.namespace,
    target: targetRef.name,
    service: service.name ?? targetRef.name,
    ingress: ingressRef?.name ?? '',
    route: routeRef?.name ?? '',
    interval: formatDuration(intervalMs),
    variables: metric.templateVariables ?? {},
  });
  if (!rendered.ok) {
    const message = `The query of "${metric.name}" cannot be filled in: ${rendered.error}.`;
    return refuse({
      code: 'metric-query-template',
      message,
      fix: 'correct the placeholder, or add the value to templateVariables',
    });
  }
  const message = `"${metric.name}" is asked from ${address}.`;
  const info = findingAt(document, path, {
    code: 'metric-needs-prometheus',
    message,
    fix: 'nothing, if that server is reachable',
  });
  const query = {
    provider: 'prometheus',
    address,
    query: rendered.value,
    headers: provider?.headers ?? {},
    intervalMs,
  } as const;
  return { query, template: template ?? null, findings: [info] };
}
