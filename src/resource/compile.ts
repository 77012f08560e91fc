import { checkDocument } from './check/check-documents.ts';
import type {
  CanaryResource,
  ConfigMapResource,
  DeploymentResource,
  MetricTemplateResource,
  ProcessResource,
  Resource,
  ResourceKind,
} from './check/resource.ts';
import { type Checks, checksOf } from './compile/checks.ts';
import { frontOf } from './compile/front.ts';
import { minEffectFindings } from './compile/judging.ts';
import { clusterOnly, podOnly } from './compile/one-machine.ts';
import { planOf } from './compile/plan.ts';
import { isIn, processTemplate, type TargetParts } from './compile/process-template.ts';
import { rollOf } from './compile/roll.ts';
import { findDuplicates, type SourceDocument } from './document.ts';
import { type Finding, findingAt, hasErrors, sortFindings } from './finding.ts';
import { nearestName } from './nearest-name.ts';
import { revisionOf } from './revision.ts';
import { valueAt } from './schema-findings.ts';
import type { ProcessTemplate, ServiceSpec } from './service-spec.ts';
import { strategyOf } from './strategy-of.ts';

/** What the target asks for: a `Snapshot` of `engine/ports.ts` with its template known to be a Process'. */
export interface CompiledTarget {
  readonly revision: string;
  readonly template: ProcessTemplate;
  readonly label: string;
}

export interface CompiledService {
  readonly spec: ServiceSpec;
  readonly target: CompiledTarget;
  /** The documents that it was made of, as they stand. */
  readonly source: readonly string[];
}

/**
 * Turns documents that are applied together into services of one machine: each Canary with its Process, and each Process without a
 * Canary as a rolling update. A service with an error is left out; the findings say why.
 */
export function compile(documents: readonly SourceDocument[]): {
  readonly services: readonly CompiledService[];
  readonly findings: readonly Finding[];
} {
  const checked = documents.map((document) => ({ document, ...checkDocument(document) }));
  const broken = new Set(
    checked.flatMap(({ document, findings }) => (hasErrors(findings) ? [document] : [])),
  );
  const context = contextOf(checked.flatMap(({ resource }) => resource ?? []));
  const findings = [...findDuplicates(documents), ...checked.flatMap((one) => one.findings)];
  const services: CompiledService[] = [];
  const take = (compiled: Compiled): void => {
    const clashes = services.flatMap((other) => clashFinding(compiled, other) ?? []);
    findings.push(...compiled.findings, ...clashes);
    const refused =
      hasErrors([...compiled.findings, ...clashes]) ||
      compiled.documents.some((document) => broken.has(document));
    if (!refused) services.push(compiled.service);
  };
  const targeted = new Map<ProcessResource, CanaryResource>();
  for (const canary of context.canaries) {
    const found = targetOf(canary, context, targeted);
    findings.push(...found.findings);
    if (found.target === null) continue;
    targeted.set(found.target.workload, canary);
    take(compileService(canary, found.target, context));
  }
  for (const workload of context.processes) {
    if (targeted.has(workload) || documents.some((document) => aimsAt(document, workload))) continue;
    take(compileService(null, { workload, deployment: null, configMaps: context.configMaps }, context));
  }
  return { services, findings: sortFindings(findings) };
}

interface Context {
  readonly canaries: readonly CanaryResource[];
  readonly processes: readonly ProcessResource[];
  readonly deployments: readonly DeploymentResource[];
  readonly configMaps: readonly ConfigMapResource[];
  readonly templates: readonly MetricTemplateResource[];
}

function contextOf(resources: readonly Resource[]): Context {
  const of = <Kind extends ResourceKind>(kind: Kind): readonly Extract<Resource, { readonly kind: Kind }>[] =>
    resources.filter(
      (resource): resource is Extract<Resource, { readonly kind: Kind }> => resource.kind === kind,
    );
  return {
    canaries: of('Canary'),
    processes: of('Process'),
    deployments: of('Deployment'),
    configMaps: of('ConfigMap'),
    templates: of('MetricTemplate'),
  };
}

/** A Canary that could not be read still says how its target is to be released: not by rolling. */
function aimsAt(document: SourceDocument, workload: ProcessResource): boolean {
  if (document.kind !== 'Canary' || document.namespace !== workload.document.namespace) return false;
  return valueAt(document.value, ['spec', 'targetRef', 'name']) === workload.document.name;
}

function targetOf(
  canary: CanaryResource,
  context: Context,
  targeted: ReadonlyMap<ProcessResource, CanaryResource>,
): { readonly target: TargetParts | null; readonly findings: readonly Finding[] } {
  const { document, value } = canary;
  const { kind, name } = value.spec.targetRef;
  const path = ['spec', 'targetRef'];
  if (kind !== 'Process' && kind !== 'Deployment') {
    const fix = `write a Process ${name} and targetRef.kind: Process`;
    return {
      target: null,
      findings: [
        findingAt(document, path, { code: 'target-unsupported', message: `The target is a ${kind}.`, fix }),
      ],
    };
  }
  const workload = context.processes.find((one) => isIn(one, document.namespace, name));
  if (workload === undefined) {
    const near = nearestName(
      name,
      context.processes.map((one) => one.document.name),
    );
    const message = `There is no Process ${document.namespace}/${name}${kind === 'Deployment' ? ' beside the Deployment' : ''}.`;
    const fix =
      near === null
        ? `apply a Process named ${name} in namespace ${document.namespace} with it`
        : `write ${near}, if that is meant`;
    return { target: null, findings: [findingAt(document, path, { code: 'target-missing', message, fix })] };
  }
  const other = targeted.get(workload);
  if (other !== undefined) {
    const message = `The Canary ${other.document.name} already releases the Process ${name}.`;
    return {
      target: null,
      findings: [findingAt(document, path, { code: 'target-shared', message, fix: 'keep one of the two' })],
    };
  }
  const deployment =
    kind === 'Deployment'
      ? (context.deployments.find((one) => isIn(one, document.namespace, name)) ?? null)
      : null;
  return { target: { workload, deployment, configMaps: context.configMaps }, findings: [] };
}

interface Compiled {
  readonly service: CompiledService;
  readonly documents: readonly SourceDocument[];
  readonly findings: readonly Finding[];
}

const noChecks: Checks = { checks: [], queries: {}, findings: [], templates: [] };

function compileService(canary: CanaryResource | null, target: TargetParts, context: Context): Compiled {
  const { workload, deployment } = target;
  const named = (canary ?? workload).document;
  const strategy =
    canary === null
      ? workload.value.spec.strategy?.type === 'Recreate'
        ? 'Recreate'
        : 'Rolling'
      : strategyOf(canary);
  const checks = canary === null ? noChecks : checksOf(canary, context.templates);
  const roll = rollOf(target, strategy);
  const built = processTemplate(target);
  const spec: ServiceSpec = {
    namespace: named.namespace,
    name: named.name,
    flavour: canary?.flavour ?? 'sluice',
    suspend: canary?.value.spec.suspend ?? false,
    front: frontOf(canary, workload, checks.checks),
    plan: planOf({ canary, workload, deployment, strategy, roll, checks }),
    ...(Object.keys(checks.queries).length > 0 && { queries: checks.queries }),
  };
  const revision = revisionOf(built.template);
  const maps = context.configMaps.filter(
    (map) => map.document.namespace === named.namespace && readsFrom(workload, map.document.name),
  );
  const parts = [canary, workload, deployment, ...checks.templates, ...maps].flatMap(
    (one) => one?.document ?? [],
  );
  return {
    service: {
      spec,
      target: {
        revision,
        template: built.template,
        label: labelOf(target) ?? built.template.env['VERSION'] ?? revision,
      },
      source: parts.map(({ text }) => text),
    },
    documents: parts,
    findings: [
      ...checks.findings,
      ...roll.findings,
      ...built.findings,
      ...portFindings(workload, spec),
      ...(canary === null
        ? [withoutCanary(workload, strategy)]
        : [...minEffectFindings(canary, spec.plan.judging), ...clusterOnly(canary)]),
      ...(deployment === null ? [] : podOnly(deployment, workload)),
    ],
  };
}

function labelOf({ workload, deployment }: TargetParts): string | undefined {
  const { metadata, spec } = workload.value;
  return (
    spec.version ??
    metadata.labels?.['version'] ??
    deployment?.value.spec.template.metadata?.labels?.['version']
  );
}

function readsFrom(workload: ProcessResource, configMap: string): boolean {
  const { env } = workload.value.spec;
  return Array.isArray(env) && env.some((entry) => entry.valueFrom?.configMapKeyRef?.name === configMap);
}

function withoutCanary(workload: ProcessResource, strategy: string): Finding {
  const message = `No Canary releases the Process ${workload.document.name}; its strategy is ${strategy}.`;
  return findingAt(workload.document, [], {
    code: 'process-without-canary',
    message,
    fix: 'nothing, or add a Canary with targetRef.kind: Process',
  });
}

function portFindings(workload: ProcessResource, { front, plan }: ServiceSpec): readonly Finding[] {
  const findings: Finding[] = [];
  if (front.port === 0) {
    const message = `Nothing says where the service ${workload.document.name} listens.`;
    findings.push(
      findingAt(workload.document, ['spec'], {
        code: 'port-missing',
        message,
        fix: 'add listen: {port: 8080}, or a Canary with service.port',
      }),
    );
  }
  const { port } = workload.value.spec;
  if (port === undefined) return findings;
  const alone = plan.replicas === 1 && plan.strategy === 'Recreate' && plan.roll.kind === 'recreate';
  if (!alone) {
    const message = `port is fixed to ${port}, and there are several replicas at once while a version is released.`;
    const edit = { kind: 'remove', document: workload.document.index, path: ['spec', 'port'] } as const;
    const fix = 'remove port and listen on $PORT, or use the strategy Recreate with one replica';
    findings.push(
      findingAt(workload.document, ['spec', 'port'], { code: 'fixed-port-replicas', message, fix, edit }),
    );
  } else if (port === front.port) {
    const message = `port and the front of the service are both ${port}.`;
    findings.push(
      findingAt(workload.document, ['spec', 'port'], {
        code: 'port-shared',
        message,
        fix: 'remove port and listen on $PORT',
      }),
    );
  }
  return findings;
}

function clashFinding(compiled: Compiled, other: CompiledService): Finding | null {
  const { spec } = compiled.service;
  const place = compiled.documents[0];
  if (place === undefined) return null;
  if (spec.namespace === other.spec.namespace && spec.name === other.spec.name) {
    const message = `There is another service ${spec.namespace}/${spec.name}.`;
    return findingAt(place, ['metadata', 'name'], {
      code: 'duplicate-resource',
      message,
      fix: 'give one of them another name',
    });
  }
  if (
    spec.front.port === 0 ||
    spec.front.port !== other.spec.front.port ||
    spec.front.host !== other.spec.front.host
  )
    return null;
  const message = `The service ${other.spec.namespace}/${other.spec.name} listens on port ${spec.front.port} too.`;
  return findingAt(place, ['spec', 'service', 'port'], {
    code: 'port-shared',
    message,
    fix: 'write listen.port in one of the Processes',
  });
}
