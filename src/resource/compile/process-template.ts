import type { ConfigMapResource, DeploymentResource, ProcessResource } from '../check/resource.ts';
import { type Finding, findingAt } from '../finding.ts';
import type { PreStopValue, ProbeValue } from '../schema/probe.ts';
import type { ProbeSpec, ProcessTemplate } from '../service-spec.ts';

export interface TargetParts {
  readonly workload: ProcessResource;
  /** Of the same name beside it, which fills in what the Process does not say. */
  readonly deployment: DeploymentResource | null;
  readonly configMaps: readonly ConfigMapResource[];
}

/** What one replica runs. Probes and hooks of the Deployment's first container count where the Process has none. */
export function processTemplate(target: TargetParts): {
  readonly template: ProcessTemplate;
  readonly findings: readonly Finding[];
} {
  const { workload, deployment } = target;
  const { spec } = workload.value;
  const pod = deployment?.value.spec.template.spec;
  const container = pod?.containers[0];
  const env = readEnv(target);
  const findings = [...env.findings];
  const probe = (name: 'readinessProbe' | 'livenessProbe' | 'startupProbe'): ProbeSpec | null => {
    const own = spec[name];
    if (own !== undefined) return probeSpec(own, true);
    const borrowed = container?.[name];
    return borrowed === undefined ? null : probeSpec(borrowed, false);
  };
  const readinessProbe = probe('readinessProbe');
  if (readinessProbe === null) {
    const fix = 'add readinessProbe with httpGet to a path that answers only when the process can serve';
    findings.push(
      findingAt(workload.document, ['spec'], {
        code: 'probe-missing',
        message: 'There is no readinessProbe.',
        fix,
      }),
    );
  }
  const template: ProcessTemplate = {
    command: spec.command,
    args: spec.args ?? [],
    env: env.values,
    workingDir: spec.workingDir ?? null,
    port: spec.port ?? null,
    readinessProbe,
    livenessProbe: probe('livenessProbe'),
    startupProbe: probe('startupProbe'),
    preStop: preStopSpec(spec.preStop ?? container?.lifecycle?.preStop),
    terminationGracePeriodSeconds:
      spec.terminationGracePeriodSeconds ?? pod?.terminationGracePeriodSeconds ?? 30,
  };
  return { template, findings };
}

/** With the defaults of Kubernetes. A port of a Deployment's container means nothing here: it becomes the replica's own. */
function probeSpec(probe: ProbeValue, ownPort: boolean): ProbeSpec {
  return {
    action: probeAction(probe, ownPort),
    initialDelaySeconds: probe.initialDelaySeconds ?? 0,
    periodSeconds: probe.periodSeconds ?? 10,
    timeoutSeconds: probe.timeoutSeconds ?? 1,
    successThreshold: probe.successThreshold ?? 1,
    failureThreshold: probe.failureThreshold ?? 3,
  };
}

function probeAction(probe: ProbeValue, ownPort: boolean): ProbeSpec['action'] {
  const { httpGet, tcpSocket, exec } = probe;
  const portOf = (port: number | string | undefined): number | null =>
    ownPort && typeof port === 'number' ? port : null;
  if (httpGet !== undefined) {
    const headers = Object.fromEntries((httpGet.httpHeaders ?? []).map(({ name, value }) => [name, value]));
    return {
      kind: 'http',
      path: httpGet.path ?? '/',
      port: portOf(httpGet.port),
      host: httpGet.host ?? null,
      headers,
    };
  }
  if (exec !== undefined) return { kind: 'exec', command: exec.command };
  return { kind: 'tcp', port: portOf(tcpSocket?.port) };
}

function preStopSpec(preStop: PreStopValue | undefined): ProcessTemplate['preStop'] {
  if (preStop?.exec !== undefined) return { kind: 'exec', command: preStop.exec.command };
  if (preStop?.sleep !== undefined) return { kind: 'sleep', seconds: preStop.sleep.seconds };
  if (preStop?.httpGet === undefined) return null;
  const { path = '/', port } = preStop.httpGet;
  return { kind: 'http', path, port: typeof port === 'number' ? port : null };
}

function readEnv(target: TargetParts): {
  readonly values: Readonly<Record<string, string>>;
  readonly findings: readonly Finding[];
} {
  const { document, value } = target.workload;
  const { env = {} } = value.spec;
  if (!Array.isArray(env)) return { values: env, findings: [] };
  const values: Record<string, string> = {};
  const findings: Finding[] = [];
  for (const [index, entry] of env.entries()) {
    if (entry.valueFrom === undefined) {
      values[entry.name] = entry.value ?? '';
      continue;
    }
    const ref = entry.valueFrom.configMapKeyRef;
    const found =
      ref && target.configMaps.find((map) => isIn(map, document.namespace, ref.name))?.value.data?.[ref.key];
    if (found !== undefined) values[entry.name] = found;
    else if (ref?.optional !== true) {
      const message = ref
        ? `There is no key "${ref.key}" in a ConfigMap ${ref.name}.`
        : `${entry.name} comes from something other than a ConfigMap.`;
      const fix = ref
        ? 'apply that ConfigMap in the same command, or write the value'
        : 'write the value, or a configMapKeyRef';
      findings.push(
        findingAt(document, ['spec', 'env', index, 'valueFrom'], {
          code: 'env-not-resolvable',
          message,
          fix,
        }),
      );
    }
  }
  return { values, findings };
}

export function isIn(
  resource: { readonly document: { readonly namespace: string; readonly name: string } },
  namespace: string,
  name: string,
): boolean {
  return resource.document.namespace === namespace && resource.document.name === name;
}
