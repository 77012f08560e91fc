import { expect, test } from 'vitest';
import type { Resource } from '../../src/kube/object.ts';
import { eventually } from '../cluster/eventually.ts';
import {
  type AnyObject,
  as,
  configMap,
  configMaps,
  crds,
  namespaces,
  quotas,
  refusal,
} from '../conformance/kube-cluster.ts';
import type { FaultScene } from './fault-scene.ts';

const gauges: Resource = {
  group: 'faults.example.com',
  version: 'v1',
  plural: 'gauges',
  kind: 'Gauge',
  namespaced: true,
};

/** What is taken away while somebody follows it, on a fake server or a real one. */
export function objectLaws(open: (namespace: string) => Promise<FaultScene>): void {
  kindLaw(open);

  test('a full quota refuses the write, and says which; reads go on', async () => {
    const scene = await open('quota');
    const { admin, namespace } = scene;
    const witness = scene.witness();
    const quota: AnyObject = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'few', namespace },
      spec: { hard: { 'count/configmaps': '3' } },
    };
    await admin.create(quotas, quota, as);
    let made = 0;
    // Until somebody has counted what is there, other words refuse it.
    const refused = await eventually(async () => {
      made += 1;
      const said = await refusal(admin.create(configMaps, configMap(namespace, `c${made}`, {}), as));
      return said.message.includes('exceeded quota: few') ? said : null;
    });
    expect(refused).toMatchObject({ reason: 'Forbidden', code: 403 });
    expect(refused.message).toContain('; delete what is not needed, or raise the quota');
    await scene.hasAll(witness);
    expect(witness.problems).toEqual([]);
  });

  test('a namespace that is deleted takes its objects along; others go on, and its name may come back', async () => {
    const scene = await open('going');
    const { admin, namespace } = scene;
    const witness = scene.witness();
    const held = configMap(namespace, 'held', {}, { finalizers: ['example.com/hold'] });
    await admin.create(configMaps, held, as);
    await scene.churn.steps(10);
    await scene.hasAll(witness);
    await admin.remove(namespaces, { name: namespace });
    const refused = await refusal(admin.create(configMaps, configMap(namespace, 'late', {}), as));
    expect(refused).toMatchInlineSnapshot(`
      {
        "code": 403,
        "message": "configmaps "late" is forbidden: unable to create new content in namespace going because it is being terminated; wait until the namespace is gone and make it anew, or use another one",
        "reason": "Forbidden",
      }
    `);
    await eventually(() => (witness.informer.size === 1 ? true : null));
    await admin.patch(
      configMaps,
      held.metadata,
      { type: 'merge', body: { metadata: { finalizers: null } } },
      as,
    );
    await eventually(
      async () => (await refusal(admin.get(namespaces, { name: namespace }))).reason === 'NotFound' || null,
    );
    expect(
      await refusal(admin.create(configMaps, configMap(namespace, 'late', {}), as)),
    ).toMatchInlineSnapshot(`
      {
        "code": 404,
        "message": "namespaces "going" not found",
        "reason": "NotFound",
      }
    `);
    expect(witness.informer.size).toBe(0);
    await admin.create(
      namespaces,
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      as,
    );
    await scene.churn.steps(10);
    await scene.hasAll(witness);
    expect(witness.problems).toEqual([]);
  });
}

function kindLaw(open: (namespace: string) => Promise<FaultScene>): void {
  test('a CRD that disappears: its kind says so until it is back, the others go on', async () => {
    const scene = await open('crd');
    const { admin, namespace } = scene;
    const client = scene.client();
    await admin.create(crds, crd, as);
    await eventually(() => admin.create(gauges, gauge(namespace, 'a'), as));
    const others = scene.witness(client);
    const witness = scene.witness(client, gauges);
    await scene.holds(witness);
    await admin.remove(crds, { name: crd.metadata.name });
    await eventually(() => (witness.reasons.includes('NotFound') ? true : null));
    expect(witness.problems[0]?.message).toContain('install the CRD of this kind');
    expect(witness.informer.size).toBe(0);
    await scene.churn.steps(10);
    await scene.hasAll(others);
    expect(others.problems).toEqual([]);
    await eventually(() => admin.create(crds, crd, as));
    await eventually(() => admin.create(gauges, gauge(namespace, 'b'), as));
    await scene.holds(witness);
    expect(witness.broken([])).toEqual([]);
  });
}

const crd: AnyObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gauges.faults.example.com' },
  spec: {
    group: gauges.group,
    scope: 'Namespaced',
    names: { plural: 'gauges', singular: 'gauge', kind: 'Gauge', listKind: 'GaugeList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        },
      },
    ],
  },
};

function gauge(namespace: string, name: string): AnyObject {
  return { apiVersion: 'faults.example.com/v1', kind: 'Gauge', metadata: { name, namespace }, spec: {} };
}
