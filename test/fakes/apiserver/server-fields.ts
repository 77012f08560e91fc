import { storageVersion } from './custom-kinds.ts';
import { asObject, asText, at, type Json, type JsonObject } from './json.ts';
import type { Kind } from './kinds.ts';

/** What admission and allocation add to a new object, after it is settled who owns what: nobody owns these. */
export function withServerFields(object: JsonObject, kind: Kind, address: () => string): JsonObject {
  if (!kind.builtIn) return object;
  const born = kind.hasStatus ? { ...object, status: firstStatuses[kind.kind] ?? {} } : object;
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

/** What is there of a status before anybody wrote one: fields of Go without `omitempty`. */
const firstStatuses: Readonly<Record<string, JsonObject>> = {
  Pod: { phase: 'Pending', qosClass: 'BestEffort' },
  Namespace: { phase: 'Active' },
  Service: { loadBalancer: {} },
  Ingress: { loadBalancer: {} },
  ReplicaSet: { replicas: 0 },
  StatefulSet: { availableReplicas: 0, replicas: 0 },
  DaemonSet: {
    currentNumberScheduled: 0,
    desiredNumberScheduled: 0,
    numberMisscheduled: 0,
    numberReady: 0,
  },
  HorizontalPodAutoscaler: { currentMetrics: null, desiredReplicas: 0 },
  PodDisruptionBudget: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
};

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
