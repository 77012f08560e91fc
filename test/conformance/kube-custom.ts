import { expect, test } from 'vitest';
import type { Resource } from '../../src/kube/object.ts';
import {
  type AnyObject,
  as,
  type ClusterUnderTest,
  crds,
  eventsOf,
  type OnCluster,
  refusal,
  until,
} from './kube-cluster.ts';

const widgetSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      'x-kubernetes-validations': [
        { rule: '!has(self.limit) || self.size <= self.limit', message: 'size must be at most limit' },
        { rule: 'self.size >= oldSelf.size', message: 'size never falls', fieldPath: '.size' },
      ],
      properties: {
        size: { type: 'integer', format: 'int32', minimum: 1, maximum: 100 },
        limit: { type: 'integer', format: 'int32' },
        mode: { type: 'string', enum: ['fast', 'slow'], default: 'slow' },
        name: { type: 'string', maxLength: 20, pattern: '^[a-z]*$' },
        parts: {
          type: 'array',
          maxItems: 10,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['id'],
          items: {
            type: 'object',
            required: ['id'],
            properties: { id: { type: 'string', maxLength: 9 }, weight: { type: 'integer', default: 1 } },
          },
        },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
    status: {
      type: 'object',
      properties: {
        epoch: {
          type: 'integer',
          format: 'int64',
          'x-kubernetes-validations': [
            { rule: 'self >= oldSelf', message: 'a deposed leader writes no more' },
          ],
        },
      },
    },
  },
};

async function widgets(cluster: ClusterUnderTest): Promise<Resource> {
  const group = `g${Math.random().toString(36).slice(2, 10)}.example.com`;
  const version = (name: string, storage: boolean): object => ({
    name,
    served: true,
    storage,
    schema: { openAPIV3Schema: widgetSchema },
    subresources: { status: {} },
  });
  const crd: AnyObject = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget', singular: 'widget', listKind: 'WidgetList' },
      versions: [version('v1', true), version('v1beta1', false)],
    },
  };
  await cluster.client.create(crds, crd, as);
  const resource: Resource = { group, version: 'v1', plural: 'widgets', kind: 'Widget', namespaced: true };
  await until(cluster, 'the CRD is established', async () => {
    const { status } = await cluster.client.get<AnyObject>(crds, { name: `widgets.${group}` });
    const conditions = (status?.['conditions'] ?? []) as readonly {
      readonly type: string;
      readonly status: string;
    }[];
    return conditions.some((condition) => condition.type === 'Established' && condition.status === 'True');
  });
  await until(cluster, 'the kind is served', () =>
    cluster.client.list(resource, { namespace: 'default' }).then(
      () => true,
      () => false,
    ),
  );
  return resource;
}

function widget(
  { group, version }: Resource,
  namespace: string,
  spec: Readonly<Record<string, unknown>>,
): AnyObject {
  return { apiVersion: `${group}/${version}`, kind: 'Widget', metadata: { name: 'w', namespace }, spec };
}

/** What a CRD's schema does to its objects, and what becomes of them. */
export function customResourceLaws(on: OnCluster): void {
  test(
    'defaults are filled in, unknown fields are refused, what is free is kept',
    on(async (cluster, namespace) => {
      const resource = await widgets(cluster);
      const { client } = cluster;
      const made = await client.create(
        resource,
        widget(resource, namespace, { size: 1, free: { any: [1] }, parts: [{ id: 'a' }] }),
        as,
      );
      expect(made.spec).toEqual({
        size: 1,
        mode: 'slow',
        free: { any: [1] },
        parts: [{ id: 'a', weight: 1 }],
      });
      expect(made.metadata.generation).toBe(1);
      const refused = await refusal(
        client.create(resource, widget(resource, namespace, { size: 1, sise: 2 }), as),
      );
      expect(refused).toMatchObject({ reason: 'BadRequest', code: 400 });
      expect(refused.message).toContain('unknown field "spec.sise"');
    }),
  );

  test(
    'what the schema forbids is Invalid with a cause for each field',
    on(async (cluster, namespace) => {
      const resource = await widgets(cluster);
      const wrong = widget(resource, namespace, {
        size: 0,
        mode: 'odd',
        name: 'UP',
        parts: [{ id: 'a' }, { id: 'a' }],
      });
      const refused = await refusal(cluster.client.create(resource, wrong, as));
      expect(refused).toMatchObject({ reason: 'Invalid', code: 422 });
      for (const part of [
        'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
        'spec.mode: Unsupported value: "odd": supported values: "fast", "slow"',
        `spec.name: Invalid value: "UP": spec.name in body should match '^[a-z]*$'`,
        'spec.parts[1]: Duplicate value',
      ]) {
        expect(refused.message).toContain(part);
      }
      const missing = await refusal(cluster.client.create(resource, widget(resource, namespace, {}), as));
      expect(missing.message).toContain('spec.size: Required value');
      const typed = await refusal(
        cluster.client.create(resource, widget(resource, namespace, { size: 'big' }), as),
      );
      expect(typed.message).toContain(
        'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
      );
    }),
  );

  test(
    'rules in CEL hold, of one state and of two',
    on(async (cluster, namespace) => {
      const resource = await widgets(cluster);
      const { client } = cluster;
      const over = await refusal(
        client.create(resource, widget(resource, namespace, { size: 5, limit: 4 }), as),
      );
      expect(over.message).toContain('spec: Invalid value: size must be at most limit');
      await client.create(resource, widget(resource, namespace, { size: 5 }), as);
      const name = { namespace, name: 'w' };
      const fall = await refusal(
        client.patch(resource, name, { type: 'merge', body: { spec: { size: 4 } } }, as),
      );
      expect(fall.message).toContain('spec.size: Invalid value: size never falls');
      const epoch = (value: number) =>
        client.patch<AnyObject>(
          resource,
          name,
          { type: 'merge', body: { status: { epoch: value } } },
          { ...as, subresource: 'status' },
        );
      await epoch(3);
      expect((await refusal(epoch(2))).message).toContain(
        'status.epoch: Invalid value: 2: a deposed leader writes no more',
      );
      expect((await epoch(3)).status).toEqual({ epoch: 3 });
    }),
  );

  test(
    'status and spec are apart, and a strategic patch is refused',
    on(async (cluster, namespace) => {
      const resource = await widgets(cluster);
      const { client } = cluster;
      const made = await client.create(
        resource,
        { ...widget(resource, namespace, { size: 1 }), status: { epoch: 9 } },
        as,
      );
      expect(made.status).toBeUndefined();
      const name = { namespace, name: 'w' };
      const both = { type: 'merge', body: { spec: { size: 2 }, status: { epoch: 1 } } } as const;
      const status = await client.patch<AnyObject>(resource, name, both, { ...as, subresource: 'status' });
      expect([status.spec?.['size'], status.status, status.metadata.generation]).toEqual([
        1,
        { epoch: 1 },
        1,
      ]);
      const spec = await client.patch<AnyObject>(
        resource,
        name,
        { ...both, body: { spec: { size: 2 }, status: { epoch: 5 } } },
        as,
      );
      expect([spec.spec?.['size'], spec.status, spec.metadata.generation]).toEqual([2, { epoch: 1 }, 2]);
      expect(await refusal(client.patch(resource, name, { type: 'strategic', body: {} }, as))).toMatchObject({
        reason: 'UnsupportedMediaType',
        code: 415,
      });
    }),
  );

  test(
    'a replace must name a resourceVersion',
    on(async (cluster, namespace) => {
      const resource = await widgets(cluster);
      await cluster.client.create(resource, widget(resource, namespace, { size: 1 }), as);
      const refused = await refusal(
        cluster.client.replace(resource, widget(resource, namespace, { size: 2 }), as),
      );
      expect(refused).toMatchObject({ reason: 'Invalid', code: 422 });
      expect(refused.message).toContain(
        '"w" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
      );
    }),
  );

  test(
    'every served version shows the same objects; the group is discovered',
    on(async (cluster, namespace) => {
      const resource = await widgets(cluster);
      const { client } = cluster;
      const made = await client.create(resource, widget(resource, namespace, { size: 1 }), as);
      const beta = { ...resource, version: 'v1beta1' };
      const seen = await client.get<AnyObject>(beta, { namespace, name: 'w' });
      expect([seen.apiVersion, seen.metadata.uid]).toEqual([`${resource.group}/v1beta1`, made.metadata.uid]);
      const groups = (await client.raw('/apis')) as { readonly groups: readonly { readonly name: string }[] };
      expect(groups.groups.map(({ name }) => name)).toContain(resource.group);
      const list = (await client.raw(`/apis/${resource.group}/v1`)) as {
        readonly resources: readonly { readonly name: string }[];
      };
      expect(list.resources.map(({ name }) => name).toSorted()).toEqual(['widgets', 'widgets/status']);
    }),
  );

  test(
    'apply merges lists by their keys',
    on(async (cluster, namespace) => {
      const resource = await widgets(cluster);
      const { client } = cluster;
      await client.apply(
        resource,
        widget(resource, namespace, { size: 1, parts: [{ id: 'a', weight: 2 }] }),
        { fieldManager: 'one' },
      );
      const parts = { ...widget(resource, namespace, { parts: [{ id: 'b' }] }) };
      const both = await client.apply<AnyObject>(resource, parts, { fieldManager: 'two' });
      expect(both.spec?.['parts']).toEqual([
        { id: 'a', weight: 2 },
        { id: 'b', weight: 1 },
      ]);
      const fewer = await client.apply<AnyObject>(resource, widget(resource, namespace, { size: 1 }), {
        fieldManager: 'one',
      });
      expect(fewer.spec?.['parts']).toEqual([{ id: 'b', weight: 1 }]);
    }),
  );

  test(
    'a CRD that goes takes its objects along, and its watchers hear of it',
    on(async (cluster, namespace) => {
      const resource = await widgets(cluster);
      const { client } = cluster;
      await client.create(resource, widget(resource, namespace, { size: 1 }), as);
      const { metadata } = await client.list(resource, { namespace });
      const watch = client.watch<AnyObject>(resource, {
        namespace,
        resourceVersion: metadata.resourceVersion,
      });
      const seen = eventsOf(watch, (seen) => seen.includes('DELETED w'));
      await client.remove(crds, { name: `widgets.${resource.group}` });
      await until(cluster, 'the kind is gone', () =>
        client.list(resource, { namespace }).then(
          () => false,
          () => true,
        ),
      );
      expect((await seen).at(-1)).toBe('DELETED w');
      expect((await refusal(client.list(resource, { namespace }))).code).toBe(404);
    }),
  );
}
