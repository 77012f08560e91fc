import { annotationFor } from '../../src/resource/annotations.ts';
import { canary, sluiceOnlyFields } from '../../src/resource/schema/canary.ts';
import { preStop, probe } from '../../src/resource/schema/probe.ts';
import { processResource } from '../../src/resource/schema/process.ts';
import { canaryTexts } from './canary-texts.ts';
import { code, madeFrom, page, table, textsFor } from './markdown.ts';
import { processTexts } from './process-texts.ts';
import { type FieldRow, fieldRows, type InputSchema, inputSchema } from './schema-fields.ts';

/** What the schema does not say of a field. `text` and `otherwise`, its default, are Markdown. */
export interface FieldText {
  readonly text: string;
  readonly otherwise?: string;
}

/** Types with fields that many fields share: shown once, in a section of their own. */
const sharedTypes: Readonly<Record<string, string>> = {
  probe: '[probe](#probe)',
  preStop: '[preStop](#prestop)',
  condition: '[condition](#specanalysismatch)',
};

/** For a cluster alone; what is inside is Flagger's own. */
const unopened: ReadonlySet<string> = new Set([
  'spec.autoscalerRef',
  'spec.ingressRef',
  'spec.routeRef',
  'spec.upstreamRef',
  'spec.service.rewrite',
  'spec.service.retries',
  'spec.service.headers',
  'spec.service.apex',
  'spec.service.primary',
  'spec.service.canary',
  'spec.service.unmanagedMetadata',
]);

/** Sections of the Canary beside `spec`, the deepest first: a field stands in the first that it is below. */
const canarySections = [
  'spec.analysis.steps[]',
  'spec.analysis.metrics[]',
  'spec.analysis.webhooks[]',
  'spec.analysis.match[]',
  'spec.analysis.sessionAffinity',
  'spec.analysis.alerts[]',
  'spec.analysis',
  'spec.service',
] as const;

const typeTexts = [
  '- **duration**: a number and a unit, `ms`, `s`, `m`, `h` or `d`: `30s`, `1m30s`.',
  '- **percentage**: text such as `0.1 %`, or a number of percent from 0 to 100.',
  '- **weight**: a number from 0 to 100, the share of all requests in percent.',
].join('\n');

export function canaryPage(): string {
  const all = specRows(inputSchema(canary));
  const textOf = textsFor(
    'field of a Canary',
    all.map(({ path }) => path),
    canaryTexts,
  );
  const section = (name: string): string => {
    const rows = all.filter(({ path }) => sectionOf(path) === name);
    return table(
      ['field', 'type', 'default', 'means', 'on `flagger.app`'],
      rows.map((row) => [...cellsOf(row, textOf(row.path), `${name}.`), onFlagger(row.path)]),
    );
  };
  return page(
    madeFrom('src/resource/schema'),
    '# Canary',
    'How new versions of a service are released. `apiVersion` is `sluice.dev/v1alpha1` or `flagger.app/v1beta1`: one schema with the ' +
      "names of Flagger, and with Flagger's meaning on its own objects. Every field is checked; an unknown one is an error. What " +
      'differs between the two is in [from Flagger](../guide/from-flagger.md).',
    typeTexts,
    'The last column says how a setting is written on a `flagger.app` object: as the same field, as an annotation in ' +
      '`metadata.annotations`, or not at all.',
    '## spec',
    section('spec'),
    '## spec.service',
    section('spec.service'),
    '## spec.analysis',
    'One of `steps`, `stepWeight`, `stepWeights` and `iterations` says how the traffic moves.',
    section('spec.analysis'),
    '## spec.analysis.steps[]',
    section('spec.analysis.steps[]'),
    '## spec.analysis.metrics[]',
    'On one machine the proxy measures `request-success-rate`, `request-duration`, `error-rate` and every `objective` itself, and ' +
      'the memory and the processor time of each replica (`memory`, `cpu`). Anything else is asked from Prometheus. Without a limit a ' +
      'metric is an error, but for these two: replicas of the canary are compared with those of stable. Few replicas can show little, ' +
      'and the check says how little; so it warns and never rolls back.',
    section('spec.analysis.metrics[]'),
    '## spec.analysis.webhooks[]',
    'See [webhooks](../guide/webhooks.md).',
    section('spec.analysis.webhooks[]'),
    '## spec.analysis.match[]',
    'A request goes to the canary if it fits one entry of the list; it fits an entry if it fits all of it. A **condition** has exactly one ' +
      'of `exact`, `prefix`, `suffix`, `regex` (of the whole value) and, on `sluice.dev`, `present: true`.',
    section('spec.analysis.match[]'),
    '## spec.analysis.sessionAffinity',
    section('spec.analysis.sessionAffinity'),
    '## spec.analysis.alerts[]',
    'Nothing reads these on one machine. There `sluice up --alert-url URL` posts warnings and errors of all services to one webhook.',
    section('spec.analysis.alerts[]'),
  );
}

export function processPage(): string {
  const spec = specRows(inputSchema(processResource));
  const probeRows = fieldRows(inputSchema(probe), undefined, 'probe.');
  const preStopRows = fieldRows(inputSchema(preStop), undefined, 'preStop.');
  const paths = [...spec, ...probeRows, ...preStopRows].map(({ path }) => path);
  const textOf = textsFor('field of a Process', paths, processTexts);
  const section = (rows: readonly FieldRow[], prefix: string): string =>
    table(
      ['field', 'type', 'default', 'means'],
      rows.map((row) => cellsOf(row, textOf(row.path), prefix)),
    );
  return page(
    madeFrom('src/resource/schema'),
    '# Process',
    'What one machine runs for a service: `apiVersion: sluice.dev/v1alpha1`, `kind: Process`. The names are those of Kubernetes where it ' +
      'has them. How it behaves is in [one machine](../guide/one-machine.md).',
    'A revision is command, arguments, environment, working directory, port, probes, preStop and grace period. Changing one of these ' +
      'starts a rollout; changing `replicas`, `strategy` or `version` does not.',
    '## spec',
    section(spec, 'spec.'),
    '## probe',
    'Exactly one of `httpGet`, `tcpSocket` and `exec`. A readiness or startup probe is tried every 200 ms until its first pass, so that a ' +
      'fast start is not lost in a long period; failures count once a period.',
    section(probeRows, 'probe.'),
    '## preStop',
    'Exactly one of `exec`, `sleep` and `httpGet`; done before SIGTERM, as a part of the grace period.',
    section(preStopRows, 'preStop.'),
  );
}

function specRows(schema: InputSchema): readonly FieldRow[] {
  const stop = (path: string, inner: InputSchema): boolean =>
    unopened.has(path) || (inner.title !== undefined && Object.hasOwn(sharedTypes, inner.title));
  return fieldRows(schema, stop).filter(({ path }) => path.startsWith('spec.'));
}

function sectionOf(path: string): string {
  return canarySections.find((name) => path.startsWith(`${name}.`)) ?? 'spec';
}

function cellsOf(
  { path, type, required }: FieldRow,
  { text, otherwise }: FieldText,
  prefix: string,
): string[] {
  const linked = type.replaceAll(/\b(probe|preStop|condition)\b/g, (name) => sharedTypes[name] ?? name);
  return [code(path.slice(prefix.length)), linked, required ? 'needed' : (otherwise ?? ''), text];
}

const ours = sluiceOnlyFields.map((path) => path.join('.').replaceAll('.*', '[]'));

function onFlagger(path: string): string {
  const own = ours.some(
    (field) => path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[]`),
  );
  if (!own) return 'same';
  const annotation = annotationFor(path.split('.'));
  if (annotation !== null) return code(annotation);
  return path === 'spec.service.assignBy' ? '' : 'no';
}
