import type { SourceDocument } from '../document.ts';
import type { Path } from '../finding.ts';
import { listAt, recordAt, textAt, valueAt } from './values.ts';

/** A Canary as it was written, with its parts at hand. */
export interface CanarySource {
  readonly document: SourceDocument;
  readonly flavour: 'flagger' | 'sluice';
  readonly spec: Readonly<Record<string, unknown>>;
  /** Name of the workload; the Canary's own where it is missing. */
  readonly target: string;
  readonly targetKind: string;
  readonly provider: string | null;
  readonly metrics: readonly MetricSourceEntry[];
  readonly hooks: readonly Part[];
}

/** One item of a list in a document. */
export interface Part {
  readonly path: Path;
  readonly value: unknown;
  readonly name: string;
}

export interface MetricSourceEntry extends Part {
  readonly min: number | null;
  readonly max: number | null;
  /** The queries that stand for it, here or in a template. */
  readonly queries: readonly QuerySource[];
}

/** One query and where it stands. */
interface QuerySource {
  readonly document: SourceDocument;
  readonly path: Path;
  readonly text: string;
}

export interface LintContext {
  readonly documents: readonly SourceDocument[];
  readonly canaries: readonly CanarySource[];
  /** GitHub workflows: they are no Kubernetes resources, and are known by their top-level keys. */
  readonly workflows: readonly SourceDocument[];
  /** Of the whole service; null: not known. */
  readonly requestsPerSecond: number | null;
  ofKind(kind: string): readonly SourceDocument[];
}

export function contextOf(
  documents: readonly SourceDocument[],
  requestsPerSecond: number | null = null,
): LintContext {
  const ofKind = (kind: string) => documents.filter((document) => document.kind === kind);
  return {
    documents,
    canaries: ofKind('Canary').flatMap((document) => canarySource(document, ofKind('MetricTemplate'))),
    workflows: documents.filter(isWorkflow),
    requestsPerSecond,
    ofKind,
  };
}

function isWorkflow({ kind, value }: SourceDocument): boolean {
  // YAML 1.1 readers turn the key `on` into true.
  return (
    kind === '' &&
    recordAt(value, ['jobs']) !== null &&
    (Object.hasOwn(value, 'on') || Object.hasOwn(value, 'true'))
  );
}

function canarySource(
  document: SourceDocument,
  templates: readonly SourceDocument[],
): readonly CanarySource[] {
  const spec = recordAt(document.value, ['spec']);
  const flavour = document.apiVersion.startsWith('flagger.app/') ? 'flagger' : 'sluice';
  if (spec === null) return [];
  return [
    {
      document,
      flavour,
      spec,
      target: textAt(spec, ['targetRef', 'name']) ?? document.name,
      targetKind: textAt(spec, ['targetRef', 'kind']) ?? '',
      provider: textAt(spec, ['provider']),
      metrics: partsAt(document, ['spec', 'analysis', 'metrics']).map((part) =>
        metricOf(document, part, templates),
      ),
      hooks: partsAt(document, ['spec', 'analysis', 'webhooks']),
    },
  ];
}

export function partsAt(document: SourceDocument, path: Path): readonly Part[] {
  return listAt(document.value, path).map((value, index) => ({
    path: [...path, index],
    value,
    name: textAt(value, ['name']) ?? '',
  }));
}

function metricOf(
  document: SourceDocument,
  part: Part,
  templates: readonly SourceDocument[],
): MetricSourceEntry {
  const bound = (side: string) => {
    const found = valueAt(part.value, ['thresholdRange', side]);
    return typeof found === 'number' ? found : null;
  };
  const inline = textAt(part.value, ['query']);
  const template = templateOf(document, part.value, templates);
  const templateQuery = template && isPrometheus(template) ? textAt(template.value, ['spec', 'query']) : null;
  return {
    ...part,
    min: bound('min'),
    max: bound('max'),
    queries: [
      ...(inline === null ? [] : [{ document, path: [...part.path, 'query'], text: inline }]),
      ...(template && templateQuery !== null
        ? [{ document: template, path: ['spec', 'query'], text: templateQuery }]
        : []),
    ],
  };
}

export function templateOf(
  document: SourceDocument,
  metric: unknown,
  templates: readonly SourceDocument[],
): SourceDocument | undefined {
  const name = textAt(metric, ['templateRef', 'name']);
  const namespace = textAt(metric, ['templateRef', 'namespace']) ?? document.namespace;
  return templates.find((template) => template.name === name && template.namespace === namespace);
}

export function isPrometheus(template: SourceDocument): boolean {
  const type = textAt(template.value, ['spec', 'provider', 'type']);
  return type === null || type === 'prometheus';
}

/** The Canary that releases this workload, if one of the documents does. */
export function canaryOf(context: LintContext, workload: SourceDocument): CanarySource | undefined {
  return context.canaries.find(
    ({ document, target, targetKind }) =>
      document.namespace === workload.namespace && target === workload.name && targetKind === workload.kind,
  );
}
