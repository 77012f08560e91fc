import type { Document } from 'yaml';
import { type Finding, findingAt } from '../finding.ts';
import type { ConfigMapMetric } from '../lint/config-map-metrics.ts';
import type { CanarySource, MetricSourceEntry } from '../lint/context.ts';
import { has, numberAt, textAt } from '../lint/values.ts';
import { meaningOf } from '../promql/meaning.ts';
import { parsePromql } from '../promql/parse.ts';
import { deleteIn, setIn } from './edit-document.ts';
import { type Bounds, objectiveOf, quantileText, type WrittenObjective } from './objective.ts';
import { rewriteQuery } from './rewrite-query.ts';

/** A MetricTemplate to be written for a query that had none. */
export interface NewTemplate {
  readonly name: string;
  readonly namespace: string | null;
  readonly address: string;
  readonly query: string;
  readonly comment: string;
}

export interface ConvertedMetric {
  readonly templates: readonly NewTemplate[];
  readonly findings: readonly Finding[];
}

const defaultAddress = 'http://prometheus:9090';
const meanProviders = new Set(['nginx', 'skipper']);

/** Writes one metric of a Canary into the copy of its document: its limit as an objective wherever its query says what is counted. */
export function convertMetric(
  canary: CanarySource,
  metric: MetricSourceEntry,
  document: Document,
  fromConfigMaps: readonly ConfigMapMetric[],
): ConvertedMetric {
  const bounds = boundsOf(metric);
  const inline = textAt(metric.value, ['query']);
  const referred = has(metric.value, ['templateRef']);
  const listed =
    inline === null && !referred ? fromConfigMaps.find(({ name }) => name === metric.name) : undefined;
  const query = referred ? metric.queries.at(-1)?.text : (inline ?? listed?.query);
  if (has(metric.value, ['threshold'])) {
    deleteIn(document, [...metric.path, 'threshold']);
    writeRange(metric, document, bounds);
  }
  if (query === undefined)
    return referred ? { templates: [], findings: [] } : convertBuiltIn(canary, metric, document, bounds);
  const rewritten = rewriteQuery(query, canary.target);
  const objective = objectiveFor(rewritten.text, bounds);
  if (objective) writeObjective(metric, document, objective);
  const findings = notes(canary, metric, bounds, rewritten.narrowed, objective);
  if (referred) {
    deleteIn(document, [...metric.path, 'query']);
    return { templates: [], findings };
  }
  const name = templateName(canary.document.name, metric.name);
  deleteIn(document, [...metric.path, 'query']);
  setIn(document, [...metric.path, 'templateRef'], { name });
  if (rewritten.window !== null) setIn(document, [...metric.path, 'interval'], rewritten.window);
  else if (!has(metric.value, ['interval'])) setIn(document, [...metric.path, 'interval'], '1m');
  const server = textAt(canary.spec, ['metricsServer']);
  if (server === null) findings.push(addressNote(canary, metric, name));
  const comment = listed
    ? `From the ConfigMap ${listed.document.name}.`
    : `From the metric ${metric.name} of the Canary ${canary.document.name}.`;
  const namespace = textAt(canary.document.value, ['metadata', 'namespace']);
  return {
    templates: [{ name, namespace, address: server ?? defaultAddress, query: rewritten.text, comment }],
    findings,
  };
}

function objectiveFor(query: string, bounds: Bounds): WrittenObjective | null {
  const parsed = parsePromql(query);
  const meaning = parsed.ok ? meaningOf(parsed.value) : null;
  return meaning && objectiveOf(meaning, bounds);
}

/** The range, or what Flagger reads of the deprecated threshold. */
function boundsOf(metric: MetricSourceEntry): Bounds {
  if (metric.min !== null || metric.max !== null) return metric;
  const threshold = numberAt(metric.value, ['threshold']);
  return metric.name === 'request-success-rate'
    ? { min: threshold, max: null }
    : { min: null, max: threshold };
}

function writeRange({ path, min, max }: MetricSourceEntry, document: Document, bounds: Bounds): void {
  if (min !== null || max !== null) return;
  const range = {
    ...(bounds.min === null ? {} : { min: bounds.min }),
    ...(bounds.max === null ? {} : { max: bounds.max }),
  };
  setIn(document, [...path, 'thresholdRange'], range);
}

function writeObjective(
  { path }: MetricSourceEntry,
  document: Document,
  objective: WrittenObjective | string,
): void {
  deleteIn(document, [...path, 'thresholdRange']);
  setIn(document, [...path, 'objective'], objective);
}

/** Flagger's built-ins have fixed meanings; `error-rate` has none there and is the share of 5xx here. */
function convertBuiltIn(
  canary: CanarySource,
  metric: MetricSourceEntry,
  document: Document,
  { min, max }: Bounds,
): ConvertedMetric {
  const findings: Finding[] = [];
  if (metric.name === 'request-success-rate' && min !== null && max === null && min >= 0 && min <= 100) {
    writeObjective(metric, document, `> ${min} %`);
  } else if (metric.name === 'error-rate' && max !== null && min === null && max >= 0 && max <= 100) {
    writeObjective(metric, document, `< ${max} %`);
  } else if (
    metric.name === 'request-duration' &&
    max !== null &&
    min === null &&
    max >= 1 &&
    Number.isInteger(max)
  ) {
    if (!meanProviders.has(canary.provider ?? '')) writeObjective(metric, document, quantileText(0.99, max));
  } else if (min !== null && max !== null) {
    findings.push(bothSides(canary, metric));
  }
  return { templates: [], findings };
}

function bothSides({ document }: CanarySource, metric: MetricSourceEntry): Finding {
  const message = `${metric.name} has both min and max.`;
  return findingAt(document, [...metric.path, 'thresholdRange'], {
    code: 'convert-both-sides',
    message,
    fix: 'keep the side that says what is bad',
  });
}

function notes(
  canary: CanarySource,
  metric: MetricSourceEntry,
  bounds: Bounds,
  narrowed: readonly string[],
  objective: WrittenObjective | null,
): Finding[] {
  const { document } = canary;
  const found: Finding[] = [];
  if (narrowed.length > 0) {
    const message = `${narrowed.join(' and ')} of ${metric.name} matched both arms, and now names the canary’s pods.`;
    found.push(
      findingAt(document, metric.path, {
        code: 'convert-selector-narrowed',
        message,
        fix: 'look whether your pods are named like that',
      }),
    );
  }
  if (objective) return found;
  if (bounds.min !== null && bounds.max !== null) return [...found, bothSides(canary, metric)];
  const message = `The limit of ${metric.name} was kept as a number.`;
  const fix = 'write an objective with total and bad, or with buckets, by hand';
  return [...found, findingAt(document, metric.path, { code: 'convert-limit-kept', message, fix })];
}

function addressNote({ document }: CanarySource, metric: MetricSourceEntry, name: string): Finding {
  const message = `The MetricTemplate ${name} asks ${defaultAddress}, which is Flagger's default.`;
  return findingAt(document, metric.path, {
    code: 'convert-address-assumed',
    message,
    fix: 'write the address of your Prometheus',
  });
}

/** A DNS label: names of metrics may be anything. */
function templateName(canary: string, metric: string): string {
  const clean = `${canary}-${metric}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return clean.slice(0, 63).replaceAll(/-+$/g, '');
}
