import { asList, asObject, asText, at, type Json, type JsonObject, metaOf, nameOf, withAt } from './json.ts';
import type { Kind } from './kinds.ts';
import { podSpecDefaults } from './pod-defaults.ts';

/** Defaults that the API server writes into built-in kinds, as far as their behaviour rests on them. */
export function withBuiltInDefaults(object: JsonObject, kind: Kind): JsonObject {
  switch (kind.kind) {
    case 'Deployment':
      return withConditionTimes(
        filled(
          filled(withTemplate(object), 'spec', deploymentSpec),
          'spec.strategy',
          strategyDefaults(object),
        ),
        ['lastTransitionTime', 'lastUpdateTime'],
      );
    case 'StatefulSet':
      return withStrategy(filled(withTemplate(object), 'spec', statefulSpec), {
        maxUnavailable: 1,
        partition: 0,
      });
    case 'ReplicaSet':
      return withConditionTimes(filled(withTemplate(object), 'spec', { replicas: 1 }), [
        'lastTransitionTime',
      ]);
    case 'DaemonSet':
      return withStrategy(
        filled(filled(withTemplate(object), 'spec', { revisionHistoryLimit: 10 }), 'metadata.annotations', {
          'deprecated.daemonset.template.generation': '1',
        }),
        { maxSurge: 0, maxUnavailable: 1 },
      );
    case 'EndpointSlice':
      return {
        ...object,
        endpoints: asList(object['endpoints']).map((one) => ({ conditions: {}, ...asObject(one) })),
        ...(object['ports'] === undefined
          ? {}
          : {
              ports: asList(object['ports']).map((port) => ({
                name: '',
                protocol: 'TCP',
                ...asObject(port),
              })),
            }),
      };
    case 'Pod':
      return withConditionTimes(
        withAddresses({
          ...object,
          spec: { enableServiceLinks: true, ...podSpecDefaults(asObject(object['spec'])) },
        }),
        ['lastProbeTime', 'lastTransitionTime'],
      );
    case 'Service':
      return withTargetPorts(
        filled(object, 'spec', {
          type: 'ClusterIP',
          sessionAffinity: 'None',
          ...(at(object, 'spec', 'type') === 'ExternalName' ? {} : { internalTrafficPolicy: 'Cluster' }),
        }),
      );
    case 'Lease':
      return { spec: {}, ...object };
    case 'Namespace':
      return withAt(object, ['metadata', 'labels', 'kubernetes.io/metadata.name'], nameOf(object));
    case 'HorizontalPodAutoscaler':
      return filled(object, 'spec', { minReplicas: 1, metrics: [cpuMetric] });
    case 'Secret':
      return withStringData({ type: 'Opaque', ...object });
    case 'CustomResourceDefinition':
      return crdDefaults(object);
    default:
      return object;
  }
}

const statefulSpec = {
  replicas: 1,
  revisionHistoryLimit: 10,
  podManagementPolicy: 'OrderedReady',
  persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
};

function withStrategy(object: JsonObject, rollingUpdate: JsonObject): JsonObject {
  const typed = filled(object, 'spec.updateStrategy', { type: 'RollingUpdate' });
  return at(typed, 'spec', 'updateStrategy', 'type') === 'RollingUpdate'
    ? filled(typed, 'spec.updateStrategy.rollingUpdate', { ...rollingUpdate })
    : typed;
}

/** Times that are structs in Go are there also where nobody set them. */
function withConditionTimes(object: JsonObject, names: readonly string[]): JsonObject {
  const conditions = asList(at(object, 'status', 'conditions'));
  if (conditions.length === 0) return object;
  const none = Object.fromEntries(names.map((name) => [name, null]));
  return withAt(
    object,
    ['status', 'conditions'],
    conditions.map((condition) => ({ ...none, ...asObject(condition) })),
  );
}

/** `podIPs` begins with `podIP`. */
function withAddresses(pod: JsonObject): JsonObject {
  const ip = at(pod, 'status', 'podIP');
  if (ip === undefined || at(pod, 'status', 'podIPs') !== undefined) return pod;
  return withAt(pod, ['status', 'podIPs'], [{ ip }]);
}

/** `stringData` is only for writing. */
function withStringData({ stringData, ...secret }: JsonObject): JsonObject {
  if (stringData === undefined) return secret;
  const encoded = Object.entries(asObject(stringData)).map(([key, text]) => [
    key,
    Buffer.from(asText(text)).toString('base64'),
  ]);
  return { ...secret, data: { ...asObject(secret['data']), ...Object.fromEntries(encoded) } };
}

const cpuMetric = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
};

function withTargetPorts(object: JsonObject): JsonObject {
  const ports = asList(at(object, 'spec', 'ports'));
  if (ports.length === 0) return object;
  const filledPorts = ports.map((port) => ({ targetPort: at(port, 'port') ?? 0, ...asObject(port) }));
  return withAt(object, ['spec', 'ports'], filledPorts);
}

const deploymentSpec = { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, strategy: {} };

function strategyDefaults(object: JsonObject): Readonly<Record<string, Json>> {
  const type = asObject(asObject(object['spec'])['strategy'])['type'] ?? 'RollingUpdate';
  return type === 'RollingUpdate'
    ? { type, rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } }
    : { type };
}

function filled(
  object: JsonObject,
  path: string,
  defaults: Readonly<Record<string, Json | undefined>>,
): JsonObject {
  const parts = path.split('.');
  const here = parts.reduce<JsonObject>((value, part) => asObject(value[part]), object);
  const given = Object.fromEntries(
    Object.entries(defaults).flatMap(([name, value]) =>
      value === undefined || here[name] !== undefined ? [] : [[name, value]],
    ),
  );
  return Object.keys(given).length === 0 ? object : withAt(object, parts, { ...here, ...given });
}

function withTemplate(object: JsonObject): JsonObject {
  const spec = asObject(object['spec']);
  const template = asObject(spec['template']);
  if (template['spec'] === undefined) return object;
  return {
    ...object,
    spec: {
      ...spec,
      template: {
        ...template,
        metadata: metaOf(template),
        spec: podSpecDefaults(asObject(template['spec'])),
      },
    },
  };
}

function crdDefaults(object: JsonObject): JsonObject {
  const names = asObject(asObject(object['spec'])['names']);
  const kind = asText(names['kind']);
  const withNames = filled(object, 'spec.names', { singular: kind.toLowerCase(), listKind: `${kind}List` });
  return filled(withNames, 'spec', { conversion: { strategy: 'None' } });
}
