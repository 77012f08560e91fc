import { createHash } from 'node:crypto';
import type { Cluster } from './cluster.ts';
import {
  asList,
  asNumber,
  asObject,
  asText,
  at,
  type Json,
  type JsonObject,
  metaOf,
  nameOf,
  namespaceOf,
  same,
  uidOf,
} from './json.ts';

const replicaSets = 'replicasets.apps';

/** What a Deployment does next. */
export type RollingStep =
  | { readonly kind: 'create'; readonly replicaSet: JsonObject }
  | { readonly kind: 'scale'; readonly replicaSet: JsonObject; readonly replicas: number };

export function replicaSetsOf(deployment: JsonObject, cluster: Cluster): readonly JsonObject[] {
  return cluster.controlled(deployment, replicaSets);
}

/** Of the pod template: a change of it is a new revision. */
export function templateHash(template: Json | undefined): string {
  const hex = createHash('sha256').update(JSON.stringify(template)).digest('hex');
  return hex.slice(0, 10);
}

/** One round of a rolling update: new pods up to the surge, old ones down as far as enough are available. */
export function rolled(deployment: JsonObject, sets: readonly JsonObject[]): readonly RollingStep[] {
  const wanted = asNumber(at(deployment, 'spec', 'replicas'), 1);
  const hash = templateHash(at(deployment, 'spec', 'template'));
  const newest = sets.find((set) => asText(at(set, 'metadata', 'labels', 'pod-template-hash')) === hash);
  const old = sets.filter((set) => set !== newest);
  const isPaused = at(deployment, 'spec', 'paused') === true;
  const isRecreate = at(deployment, 'spec', 'strategy', 'type') === 'Recreate';
  if (newest === undefined) {
    if (isPaused) return [];
    const first = old.every((set) => replicasOf(set) === 0) ? wanted : 0;
    return [{ kind: 'create', replicaSet: newReplicaSet(deployment, hash, first) }];
  }
  const steps: RollingStep[] = [];
  const scale = (replicaSet: JsonObject, replicas: number): void => {
    if (replicas !== replicasOf(replicaSet)) steps.push({ kind: 'scale', replicaSet, replicas });
  };
  const running = old.reduce((sum, set) => sum + replicasOf(set), 0);
  if (isRecreate) {
    for (const set of old) scale(set, 0);
    if (old.every((set) => asNumber(at(set, 'status', 'replicas')) === 0)) scale(newest, wanted);
    return steps;
  }
  const surge = share(at(deployment, 'spec', 'strategy', 'rollingUpdate', 'maxSurge'), wanted, Math.ceil);
  const lacking = share(
    at(deployment, 'spec', 'strategy', 'rollingUpdate', 'maxUnavailable'),
    wanted,
    Math.floor,
  );
  const unavailable = surge === 0 && lacking === 0 ? 1 : lacking;
  if (isPaused) {
    if (running === 0) scale(newest, wanted);
    return steps;
  }
  const room = Math.max(0, wanted + surge - running);
  scale(newest, replicasOf(newest) > wanted ? wanted : Math.min(wanted, Math.max(replicasOf(newest), room)));
  const available = sets.reduce((sum, set) => sum + availableOf(set), 0);
  const all = sets.reduce((sum, set) => sum + replicasOf(set), 0);
  const least = wanted - unavailable;
  // What the sets are told to run says more than their status, which lags behind.
  let removable = Math.max(0, all - least - Math.max(0, replicasOf(newest) - availableOf(newest)));
  let healthy = Math.max(0, available - least);
  for (const set of old) {
    // What is not available may go before what is.
    const useless = Math.min(removable, Math.max(0, replicasOf(set) - availableOf(set)));
    const useful = Math.min(removable - useless, healthy, replicasOf(set) - useless);
    removable -= useless + useful;
    healthy -= useful;
    scale(set, replicasOf(set) - useless - useful);
  }
  return steps;
}

function share(value: Json | undefined, of: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? round((Number.parseFloat(value) / 100) * of) : 0;
}

function availableOf(set: JsonObject): number {
  return asNumber(at(set, 'status', 'availableReplicas'));
}

function replicasOf(set: JsonObject): number {
  return asNumber(at(set, 'spec', 'replicas'), 1);
}

function newReplicaSet(deployment: JsonObject, hash: string, replicas: number): JsonObject {
  const spec = asObject(deployment['spec']);
  const template = asObject(spec['template']);
  const labels = { ...asObject(metaOf(template)['labels']), 'pod-template-hash': hash };
  const selector = asObject(spec['selector']);
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${nameOf(deployment)}-${hash}`,
      namespace: namespaceOf(deployment),
      labels,
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: nameOf(deployment),
          uid: uidOf(deployment),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      replicas,
      selector: {
        ...selector,
        matchLabels: { ...asObject(selector['matchLabels']), 'pod-template-hash': hash },
      },
      template: { ...template, metadata: { ...metaOf(template), labels } },
    },
  };
}

/** Counts and the two conditions that rollouts are watched by. */
export function deploymentStatus(deployment: JsonObject, cluster: Cluster): JsonObject {
  const sets = replicaSetsOf(deployment, cluster);
  const hash = templateHash(at(deployment, 'spec', 'template'));
  const total = (name: string, of: readonly JsonObject[]): number =>
    of.reduce((sum, set) => sum + asNumber(at(set, 'status', name)), 0);
  const newest = sets.filter((set) => asText(at(set, 'metadata', 'labels', 'pod-template-hash')) === hash);
  const wanted = asNumber(at(deployment, 'spec', 'replicas'), 1);
  const counts = {
    replicas: total('replicas', sets),
    updatedReplicas: total('replicas', newest),
    readyReplicas: total('readyReplicas', sets),
    availableReplicas: total('availableReplicas', sets),
    unavailableReplicas: Math.max(0, wanted - total('availableReplicas', sets)),
  };
  const isDone =
    counts.updatedReplicas === wanted && counts.replicas === wanted && counts.availableReplicas >= wanted;
  const lacking = share(
    at(deployment, 'spec', 'strategy', 'rollingUpdate', 'maxUnavailable'),
    wanted,
    Math.floor,
  );
  const isEnough = counts.availableReplicas >= wanted - lacking;
  const isPaused = at(deployment, 'spec', 'paused') === true;
  return {
    observedGeneration: metaOf(deployment)['generation'] ?? 1,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    conditions: [
      condition(
        deployment,
        cluster,
        'Available',
        isEnough,
        isEnough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
      ),
      condition(
        deployment,
        cluster,
        'Progressing',
        isPaused ? null : true,
        isPaused ? 'DeploymentPaused' : isDone ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
      ),
    ],
  };
}

function condition(
  deployment: JsonObject,
  cluster: Cluster,
  type: string,
  holds: boolean | null,
  reason: string,
): Json {
  const next = { type, status: holds === null ? 'Unknown' : holds ? 'True' : 'False', reason };
  const before = asObject(
    asList(at(deployment, 'status', 'conditions')).find((one) => at(one, 'type') === type),
  );
  const isSame = same(before['status'], next.status) && same(before['reason'], reason);
  const now = cluster.nowText();
  return {
    ...next,
    lastUpdateTime: isSame ? (before['lastUpdateTime'] ?? now) : now,
    lastTransitionTime: before['status'] === next.status ? (before['lastTransitionTime'] ?? now) : now,
  };
}
