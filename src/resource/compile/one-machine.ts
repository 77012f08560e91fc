import type { CanaryResource, DeploymentResource, ProcessResource } from '../check/resource.ts';
import { type Finding, findingAt, type Path } from '../finding.ts';
import type { Severity } from '../finding-code-entry.ts';
import { pathText, valueAt } from '../schema-findings.ts';

/** Fields whose absence changes nothing that anybody would miss here. */
const harmless: readonly Path[] = [
  ['spec', 'provider'],
  ['spec', 'revertOnDeletion'],
  ['spec', 'service', 'portName'],
  ['spec', 'service', 'targetPort'],
  ['spec', 'service', 'portDiscovery'],
  ['spec', 'service', 'gateways'],
  ['spec', 'service', 'gatewayRefs'],
  ['spec', 'service', 'hosts'],
  ['spec', 'service', 'apex'],
  ['spec', 'service', 'primary'],
  ['spec', 'service', 'canary'],
  ['spec', 'service', 'unmanagedMetadata'],
  ['spec', 'service', 'trafficDistribution'],
];

/** Fields that somebody relies on, and that do nothing here. */
const missed: readonly Path[] = [
  ['spec', 'autoscalerRef'],
  ['spec', 'service', 'match'],
  ['spec', 'service', 'rewrite'],
  ['spec', 'service', 'retries'],
  ['spec', 'service', 'headers'],
  ['spec', 'service', 'mirror'],
  ['spec', 'service', 'corsPolicy'],
  ['spec', 'service', 'trafficPolicy'],
  ['spec', 'service', 'backendTimeout'],
  ['spec', 'analysis', 'stepWeightPromotion'],
  ['spec', 'analysis', 'alerts'],
  ['spec', 'analysis', 'sessionAffinity', 'primaryCookieName'],
];

/** What of a Canary does nothing on one machine. */
export function clusterOnly(canary: CanaryResource): readonly Finding[] {
  const find = (paths: readonly Path[], severity: Severity): readonly Finding[] =>
    paths.flatMap((path) => {
      const value = valueAt(canary.document.value, path);
      if (value === undefined || value === null) return [];
      const message = `${pathText(path)} is for a cluster.`;
      return [
        findingAt(canary.document, path, {
          code: 'not-on-one-machine',
          severity,
          message,
          fix: 'nothing, if it is meant for one',
        }),
      ];
    });
  return [...find(harmless, 'info'), ...find(missed, 'warning'), ...unsupported(canary)];
}

function unsupported(canary: CanaryResource): readonly Finding[] {
  const { analysis, service } = canary.value.spec;
  const findings: Finding[] = [];
  for (const [index, entry] of (analysis?.match ?? []).entries()) {
    if (entry.sourceLabels === undefined) continue;
    const path = ['spec', 'analysis', 'match', index, 'sourceLabels'];
    const message = 'On one machine callers have no labels.';
    findings.push(
      findingAt(canary.document, path, {
        code: 'match-unsupported',
        message,
        fix: 'match on headers or cookies',
      }),
    );
  }
  for (const [index, hook] of (analysis?.webhooks ?? []).entries()) {
    if (hook.disableTLS !== true) continue;
    const path = ['spec', 'analysis', 'webhooks', index, 'disableTLS'];
    const why = 'Certificates are always verified.';
    findings.push(
      findingAt(canary.document, path, {
        code: 'not-on-one-machine',
        message: 'disableTLS is true.',
        why,
        fix: 'remove it',
      }),
    );
  }
  if (service.appProtocol === 'tcp') {
    const why = 'The proxy of one machine speaks HTTP.';
    const parts = {
      code: 'not-on-one-machine',
      severity: 'error',
      message: 'appProtocol is tcp.',
      why,
      fix: 'release an HTTP service',
    } as const;
    findings.push(findingAt(canary.document, ['spec', 'service', 'appProtocol'], parts));
  }
  return findings;
}

const podFields = [
  'initContainers',
  'volumes',
  'affinity',
  'nodeSelector',
  'tolerations',
  'serviceAccountName',
  'hostNetwork',
] as const;
const containerFields = [
  'command',
  'args',
  'env',
  'envFrom',
  'resources',
  'volumeMounts',
  'securityContext',
] as const;

/** What of a Deployment beside a Process does nothing on one machine; its image never does, which is why there is a Process. */
export function podOnly(deployment: DeploymentResource, workload: ProcessResource): readonly Finding[] {
  const pod = deployment.value.spec.template.spec;
  const base = ['spec', 'template', 'spec'];
  const paths: Path[] = podFields
    .filter((field) => pod[field] !== undefined)
    .map((field) => [...base, field]);
  const first = pod.containers[0];
  paths.push(
    ...containerFields
      .filter((field) => first?.[field] !== undefined)
      .map((field) => [...base, 'containers', 0, field]),
  );
  if (pod.containers.length > 1) paths.push([...base, 'containers', 1]);
  return paths.map((path) => {
    const message = `The Process ${workload.document.name} runs, not a container: ${pathText(path)} does nothing here.`;
    const why =
      'On one machine only replicas, strategy, deadlines, probes and hooks are taken from a Deployment.';
    return findingAt(deployment.document, path, {
      code: 'deployment-not-applied',
      message,
      why,
      fix: 'write what is needed in the Process',
    });
  });
}
