import type { z } from 'zod';
import { checkAnnotations, withSettings } from '../annotations.ts';
import { findDuplicates, isRecord, type SourceDocument } from '../document.ts';
import { type Finding, findingAt } from '../finding.ts';
import { nearestName } from '../nearest-name.ts';
import { alertProvider } from '../schema/alert-provider.ts';
import { canary } from '../schema/canary.ts';
import { configMap } from '../schema/config-map.ts';
import { deployment } from '../schema/deployment.ts';
import { metricTemplate } from '../schema/metric-template.ts';
import { processResource } from '../schema/process.ts';
import { schemaFindings } from '../schema-findings.ts';
import { checkCanary } from './check-canary.ts';
import { checkProcess } from './check-process.ts';
import type { Flavour, Resource, ResourceKind } from './resource.ts';

const flaggerVersion = 'flagger.app/v1beta1';
const sluiceVersion = 'sluice.dev/v1alpha1';

interface KnownKind {
  readonly versions: readonly string[];
  readonly schema: z.ZodType;
}

const knownKinds: Readonly<Record<ResourceKind, KnownKind>> = {
  Canary: { versions: [flaggerVersion, sluiceVersion], schema: canary },
  MetricTemplate: { versions: [flaggerVersion, sluiceVersion], schema: metricTemplate },
  AlertProvider: { versions: [flaggerVersion, sluiceVersion], schema: alertProvider },
  Process: { versions: [sluiceVersion], schema: processResource },
  Deployment: { versions: ['apps/v1'], schema: deployment },
  ConfigMap: { versions: ['v1'], schema: configMap },
};

function isKnownKind(kind: string): kind is ResourceKind {
  return Object.hasOwn(knownKinds, kind);
}

/** Checks documents that are applied together: each against its schema and its own rules, and all for names used twice. */
export function checkDocuments(documents: readonly SourceDocument[]): {
  readonly resources: readonly Resource[];
  readonly findings: readonly Finding[];
} {
  const resources: Resource[] = [];
  const findings: Finding[] = [...findDuplicates(documents)];
  for (const document of documents) {
    const checked = checkDocument(document);
    findings.push(...checked.findings);
    if (checked.resource !== null) resources.push(checked.resource);
  }
  return { resources, findings };
}

/** One document: a resource where it fits its schema, and everything that is to be said of it. */
export function checkDocument(document: SourceDocument): {
  readonly resource: Resource | null;
  readonly findings: readonly Finding[];
} {
  const { kind, apiVersion } = document;
  if (!isKnownKind(kind)) return { resource: null, findings: [unknownKind(document)] };
  const { versions, schema } = knownKinds[kind];
  if (!versions.includes(apiVersion))
    return { resource: null, findings: [unknownVersion(document, versions)] };
  const flavour: Flavour = apiVersion === flaggerVersion ? 'flagger' : 'sluice';
  const plain = withoutNulls(document.value);
  const input = kind === 'Canary' && flavour === 'flagger' ? withSettings(plain) : plain;
  const first = schema.safeParse(input);
  const findings = kind === 'Canary' ? [...checkAnnotations(document, flavour)] : [];
  if (!first.success) findings.push(...schemaFindings(document, schema, first.error.issues));
  // Unknown fields do not hide what else there is to say: the rest is checked without them.
  const parsed = first.success ? first : schema.safeParse(withoutUnknown(input, first.error.issues));
  if (!parsed.success) return { resource: null, findings };
  // The schema belongs to the kind by the table above; the compiler cannot see that through the lookup.
  const resource = { kind, document, flavour, value: parsed.data } as Resource;
  return { resource, findings: [...findings, ...ownFindings(resource)] };
}

function ownFindings(resource: Resource): readonly Finding[] {
  if (resource.kind === 'Canary') return checkCanary(resource);
  return resource.kind === 'Process' ? checkProcess(resource) : [];
}

function unknownKind(document: SourceDocument): Finding {
  const { kind, apiVersion } = document;
  if (kind === '' && !('jobs' in document.value)) {
    const field = apiVersion === '' ? 'neither apiVersion nor kind' : 'no kind';
    return findingAt(document, [], {
      code: 'missing-kind',
      message: `The document has ${field}.`,
      fix: 'begin with apiVersion and kind',
    });
  }
  const ours = /^(flagger\.app|sluice\.dev)\//.test(apiVersion);
  const near = nearestName(kind, Object.keys(knownKinds));
  const message = kind === '' ? 'The document is not a resource.' : `The kind ${kind} is not read.`;
  const fix =
    near === null ? 'nothing, if it is meant for something else' : `write ${near}, if that is meant`;
  return findingAt(document, ['kind'], {
    code: 'unknown-kind',
    severity: ours ? 'error' : 'info',
    message,
    fix,
  });
}

function unknownVersion(document: SourceDocument, versions: readonly string[]): Finding {
  const message = `A ${document.kind} of "${document.apiVersion}" is not known.`;
  const fix = `write apiVersion: ${versions.join(' or ')}`;
  return findingAt(document, ['apiVersion'], { code: 'unknown-api-version', message, fix });
}

/** A key without a value is an absent one, as in Kubernetes. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutNulls(member)]));
}

function withoutUnknown(
  value: unknown,
  issues: readonly z.core.$ZodIssue[],
  path: readonly PropertyKey[] = [],
): unknown {
  if (Array.isArray(value)) return value.map((item, index) => withoutUnknown(item, issues, [...path, index]));
  if (!isRecord(value)) return value;
  const here = issues.filter((issue) => issue.code === 'unrecognized_keys' && samePath(issue.path, path));
  const unknown = new Set(here.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : [])));
  const kept = Object.entries(value).filter(([key]) => !unknown.has(key));
  return Object.fromEntries(
    kept.map(([key, member]) => [key, withoutUnknown(member, issues, [...path, key])]),
  );
}

function samePath(a: readonly PropertyKey[], b: readonly PropertyKey[]): boolean {
  return a.length === b.length && a.every((segment, index) => segment === b[index]);
}
