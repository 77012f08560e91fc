import { storageVersion } from './custom-kinds.ts';
import { asObject, asText, at, type Json, type JsonObject } from './json.ts';
import type { Kind } from './kinds.ts';

/** What admission and allocation add to a new object, after it is settled who owns what: nobody owns these. */
export function withServerFields(object: JsonObject, kind: Kind, address: () => string): JsonObject {
  if (!kind.builtIn) return object;
  const born = kind.hasStatus ? { ...object, status: firstStatus(kind) } : object;
  switch (kind.kind) {
    case 'Namespace':
      return withSpec(born, { finalizers: ['kubernetes'] });
    case 'Pod':
      return withSpec(born, podFields(object));
    case 'Event':
      return kind.group === ''
        ? { eventTime: null, reportingComponent: '', reportingInstance: '', ...object }
        : object;
    case 'CustomResourceDefinition':
      return {
        ...object,
        status: {
          acceptedNames: { kind: '', plural: '' },
          conditions: null,
          storedVersions: [storageVersion(object)],
        },
      };
    case 'Service': {
      if (at(object, 'spec', 'type') === 'ExternalName') return born;
      const clusterIP = asText(at(object, 'spec', 'clusterIP')) || address();
      return withSpec(born, {
        clusterIP,
        clusterIPs: [clusterIP],
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
      });
    }
    default:
      return born;
  }
}

function firstStatus({ kind }: Kind): JsonObject {
  if (kind === 'Pod') return { phase: 'Pending', qosClass: 'BestEffort' };
  if (kind === 'Namespace') return { phase: 'Active' };
  return kind === 'Service' ? { loadBalancer: {} } : {};
}

function podFields(pod: JsonObject): JsonObject {
  const serviceAccountName = asText(at(pod, 'spec', 'serviceAccountName')) || 'default';
  const toleration = (name: string): Json => ({
    key: `node.kubernetes.io/${name}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  });
  return {
    serviceAccountName,
    serviceAccount: serviceAccountName,
    priority: 0,
    preemptionPolicy: 'PreemptLowerPriority',
    tolerations: [toleration('not-ready'), toleration('unreachable')],
  };
}

function withSpec(object: JsonObject, fields: JsonObject): JsonObject {
  return { ...object, spec: { ...fields, ...asObject(object['spec']) } };
}
