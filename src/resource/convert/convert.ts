import { Document } from 'yaml';
import type { SourceDocument } from '../document.ts';
import { type Finding, findingAt, findingIn, sortFindings } from '../finding.ts';
import { type CanarySource, contextOf, templateOf } from '../lint/context.ts';
import { configMapMetrics } from '../lint/config-map-metrics.ts';
import { durationAt, has, listAt, textAt } from '../lint/values.ts';
import { convertMetric, type NewTemplate } from './convert-metric.ts';
import { deleteIn, setIn, settleComments } from './edit-document.ts';
import { rewriteQuery } from './rewrite-query.ts';
import { parseSteps, type WrittenStep } from './steps.ts';

const sluiceVersion = 'sluice.dev/v1alpha1';

export interface ConvertOptions {
  /** `10:5m,25:10m,50:15m`; without it Flagger's arithmetic is kept. */
  readonly steps?: string;
}

export interface Converted {
  /** YAML documents; '' where nothing could be converted. */
  readonly text: string;
  /** What was assumed, and what could not be kept. */
  readonly findings: readonly Finding[];
}

/**
 * Writes the Canaries of `flagger.app` (with the MetricTemplates, AlertProviders and queries in ConfigMaps that they mean)
 * as `sluice.dev`. Comments of Canaries and templates stay. Other documents are not part of the answer.
 */
export function convert(documents: readonly SourceDocument[], options: ConvertOptions = {}): Converted {
  const steps = options.steps === undefined ? null : parseSteps(options.steps);
  if (steps && !steps.ok) {
    const message = `The steps are not readable: ${steps.error.message}.`;
    const fix = 'write them as in 10:5m,25:10m,50:15m';
    return {
      text: '',
      findings: [
        findingIn(
          '--steps',
          { line: 1, column: steps.error.offset + 1 },
          { code: 'convert-steps', message, fix },
        ),
      ],
    };
  }
  const { canaries } = contextOf(documents);
  const converting = canaries.filter(({ flavour }) => flavour === 'flagger');
  if (converting.length === 0) return { text: '', findings: documents.slice(0, 1).map(nothing) };
  const results = converting.map((canary) => convertCanary(canary, documents, steps?.value ?? null));
  const written = [
    ...results.map(({ document }) => document),
    ...distinct(results.flatMap(({ templates }) => templates)).map(newTemplateDocument),
    ...documents
      .filter(({ kind }) => kind === 'MetricTemplate')
      .map((template) => convertTemplate(template, converting, documents)),
    ...documents
      .filter(({ kind, apiVersion }) => kind === 'AlertProvider' && apiVersion.startsWith('flagger.app/'))
      .map(withVersion),
  ];
  return {
    text: written.map(print).join('---\n'),
    findings: sortFindings(results.flatMap(({ findings }) => findings)),
  };
}

function nothing(document: SourceDocument): Finding {
  const message = 'There is no Canary of flagger.app/v1beta1 in these files.';
  return findingAt(document, [], { code: 'convert-nothing', message, fix: 'name the file that holds it' });
}

function print(document: Document): string {
  settleComments(document);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false, directives: false });
}

interface ConvertedCanary {
  readonly document: Document;
  readonly templates: readonly NewTemplate[];
  readonly findings: readonly Finding[];
}

function convertCanary(
  canary: CanarySource,
  documents: readonly SourceDocument[],
  steps: readonly WrittenStep[] | null,
): ConvertedCanary {
  const { spec } = canary;
  const document = withVersion(canary.document);
  deleteIn(document, ['status']);
  if (spec['rollbackOnFailure'] === true) deleteIn(document, ['spec', 'rollbackOnFailure']);
  if (spec['skipAnalysis'] === false) deleteIn(document, ['spec', 'skipAnalysis']);
  // What Flagger does; bake is what a Canary of sluice.dev does otherwise.
  if (!has(spec, ['promotion'])) setIn(document, ['spec', 'promotion'], 'rolling');
  convertPlan(canary, document, steps);
  for (const [index, alert] of listAt(spec, ['analysis', 'alerts']).entries()) {
    if ((textAt(alert, ['severity']) ?? '') === '')
      setIn(document, ['spec', 'analysis', 'alerts', index, 'severity'], 'info');
  }
  const fromConfigMaps = configMapMetrics(documents).filter(
    (metric) => metric.document.namespace === canary.document.namespace,
  );
  const metrics = canary.metrics.map((metric) => convertMetric(canary, metric, document, fromConfigMaps));
  return {
    document,
    templates: metrics.flatMap(({ templates }) => templates),
    findings: metrics.flatMap(({ findings }) => findings),
  };
}

const leastIntervalMs = 10_000;

function convertPlan({ spec }: CanarySource, document: Document, steps: readonly WrittenStep[] | null): void {
  const intervalMs = durationAt(spec, ['analysis', 'interval']);
  // Flagger's own values, where it does not take the written one.
  if (has(spec, ['analysis']) && intervalMs === null) setIn(document, ['spec', 'analysis', 'interval'], '1m');
  else if (intervalMs !== null && intervalMs < leastIntervalMs)
    setIn(document, ['spec', 'analysis', 'interval'], '10s');
  if (steps === null || !has(spec, ['analysis'])) return;
  for (const field of ['stepWeight', 'maxWeight', 'stepWeights', 'iterations', 'match'])
    deleteIn(document, ['spec', 'analysis', field]);
  setIn(
    document,
    ['spec', 'analysis', 'steps'],
    steps.map((step) => ({ ...step })),
  );
}

/** A copy of the document with its comments, of our group. */
function withVersion(source: SourceDocument): Document {
  const document = source.doc.clone();
  document.set('apiVersion', sluiceVersion);
  return document;
}

function convertTemplate(
  template: SourceDocument,
  canaries: readonly CanarySource[],
  documents: readonly SourceDocument[],
): Document {
  const document = withVersion(template);
  const templates = documents.filter(({ kind }) => kind === 'MetricTemplate');
  const user = canaries.find(({ document: own, metrics }) =>
    metrics.some(({ value }) => templateOf(own, value, templates) === template),
  );
  const query = textAt(template.value, ['spec', 'query']);
  if (query === null || user === undefined) return document;
  const { narrowed, narrowedText } = rewriteQuery(query, user.target);
  // The window stays: other Canaries may use the template with another interval.
  if (narrowed.length > 0) setIn(document, ['spec', 'query'], narrowedText);
  return document;
}

function distinct(templates: readonly NewTemplate[]): readonly NewTemplate[] {
  return [
    ...new Map(
      templates.map((template) => [`${template.namespace ?? ''}/${template.name}`, template]),
    ).values(),
  ];
}

function newTemplateDocument({ name, namespace, address, query, comment }: NewTemplate): Document {
  const metadata = namespace === null ? { name } : { name, namespace };
  const document = new Document({
    apiVersion: sluiceVersion,
    kind: 'MetricTemplate',
    metadata,
    spec: { provider: { type: 'prometheus', address }, query: `${query.trimEnd()}\n` },
  });
  if (document.contents) document.contents.commentBefore = ` ${comment}`;
  return document;
}
