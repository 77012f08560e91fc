import { expect, test } from 'vitest';
import type { KubeClient } from '../../src/kube/client.ts';
import {
  type AnyObject,
  as,
  configMap,
  configMaps,
  deployment,
  deployments,
  type OnCluster,
  refusal,
} from './kube-cluster.ts';

const apply = (
  client: KubeClient,
  fieldManager: string,
  object: AnyObject,
  force = false,
): Promise<AnyObject> =>
  client.apply(object.kind === 'Deployment' ? deployments : configMaps, object, { fieldManager, force });

interface Managed {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fieldsV1: unknown;
}

function managers({ metadata }: AnyObject): readonly Managed[] {
  return (metadata.managedFields ?? []) as readonly Managed[];
}

/** Server-side apply: who owns what, and what happens to fields that nobody names any longer. */
export function applyLaws(on: OnCluster): void {
  test(
    'apply creates, then owns what it names and no more',
    on(async ({ client }, namespace) => {
      const made = await apply(client, 'one', configMap(namespace, 'a', { x: '1' }));
      expect(managers(made)).toMatchObject([
        { manager: 'one', operation: 'Apply', fieldsV1: { 'f:data': { 'f:x': {} } } },
      ]);
      const both = await apply(client, 'two', configMap(namespace, 'a', { y: '2' }));
      expect(both.data).toEqual({ x: '1', y: '2' });
      const again = await apply(client, 'two', configMap(namespace, 'a', { y: '2' }));
      expect(again.metadata.resourceVersion).toBe(both.metadata.resourceVersion);
    }),
  );

  test(
    'a field of another manager is a conflict that names it; force takes it over',
    on(async ({ client }, namespace) => {
      await apply(client, 'one', configMap(namespace, 'a', { x: '1' }));
      expect(await refusal(apply(client, 'two', configMap(namespace, 'a', { x: '2' })))).toEqual({
        reason: 'Conflict',
        code: 409,
        message: 'Apply failed with 1 conflict: conflict with "one": .data.x',
      });
      const shared = await apply(client, 'two', configMap(namespace, 'a', { x: '1' }));
      // Who applies what is there already has no time, and so stands first.
      expect(managers(shared).map(({ manager }) => manager)).toEqual(['two', 'one']);
      const taken = await apply(client, 'two', configMap(namespace, 'a', { x: '2' }), true);
      expect(managers(taken).map(({ manager }) => manager)).toEqual(['two']);
    }),
  );

  test(
    'what a manager names no longer goes, unless another owns it too',
    on(async ({ client }, namespace) => {
      await apply(client, 'one', configMap(namespace, 'a', { x: '1', y: '1', z: '1' }));
      await apply(client, 'two', configMap(namespace, 'a', { y: '1' }));
      const left = await apply(client, 'one', configMap(namespace, 'a', { z: '1' }));
      expect(left.data).toEqual({ y: '1', z: '1' });
    }),
  );

  test(
    'an update owns what it changes, as an Update',
    on(async ({ client }, namespace) => {
      await apply(client, 'one', configMap(namespace, 'a', { x: '1', y: '1' }));
      const patch = { type: 'merge', body: { data: { x: '9' } } } as const;
      const patched = await client.patch<AnyObject>(configMaps, { namespace, name: 'a' }, patch, {
        fieldManager: 'hand',
      });
      expect(managers(patched)).toMatchObject([
        { manager: 'one', operation: 'Apply', fieldsV1: { 'f:data': { 'f:y': {} } } },
        { manager: 'hand', operation: 'Update', fieldsV1: { 'f:data': { 'f:x': {} } } },
      ]);
      expect(
        (await refusal(apply(client, 'one', configMap(namespace, 'a', { x: '1', y: '1' })))).message,
      ).toBe('Apply failed with 1 conflict: conflict with "hand" using v1: .data.x');
    }),
  );

  test(
    'containers merge by name, their ports and variables by key',
    on(async ({ client }, namespace) => {
      await client.create(deployments, deployment(namespace, 'web'), as);
      const partial = (containers: readonly unknown[]): AnyObject => ({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web', namespace },
        spec: { template: { spec: { containers } } },
      });
      const side = { name: 'side', image: 'side:1' };
      await apply(
        client,
        'env',
        partial([{ name: 'app', env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80 }] }, side]),
      );
      const applied = await apply(
        client,
        'more',
        partial([
          { name: 'app', env: [{ name: 'B', value: '2' }], ports: [{ containerPort: 80, protocol: 'UDP' }] },
        ]),
      );
      expect(containersOf(applied)).toEqual(['app shop:1 A=1,B=2 80/TCP,80/UDP', 'side side:1  ']);
      const fewer = await apply(client, 'env', partial([{ name: 'app', ports: [{ containerPort: 80 }] }]));
      expect(containersOf(fewer)).toEqual(['app shop:1 B=2 80/TCP,80/UDP']);
      const conflict = await refusal(apply(client, 'other', partial([{ name: 'app', image: 'shop:2' }])));
      expect(conflict.message).toBe(
        'Apply failed with 1 conflict: conflict with "conformance" using apps/v1: .spec.template.spec.containers[name="app"].image',
      );
    }),
  );

  test(
    'status is applied through its own endpoint, conditions by type',
    on(async ({ client }, namespace) => {
      await client.create(deployments, deployment(namespace, 'web'), as);
      const status = (type: string): AnyObject => ({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web', namespace },
        status: { conditions: [{ type, status: 'True', reason: 'Test' }] },
      });
      const options = { subresource: 'status', force: true } as const;
      await client.apply<AnyObject>(deployments, status('One'), { ...options, fieldManager: 'one' });
      const both = await client.apply<AnyObject>(deployments, status('Two'), {
        ...options,
        fieldManager: 'two',
      });
      const conditions = (both.status?.['conditions'] ?? []) as readonly { readonly type: string }[];
      expect(conditions.map(({ type }) => type).filter((type) => type === 'One' || type === 'Two')).toEqual([
        'One',
        'Two',
      ]);
      expect(managers(both).filter(({ manager }) => manager === 'two')).toMatchObject([
        { operation: 'Apply', subresource: 'status' },
      ]);
    }),
  );

  test(
    'an unknown field is refused',
    on(async ({ client }, namespace) => {
      const wrong = { ...configMap(namespace, 'a', {}), dataa: {} };
      const refused = await refusal(apply(client, 'one', wrong));
      expect(refused.message).toContain('field not declared in schema');
    }),
  );
}

function containersOf({ spec }: AnyObject): readonly string[] {
  interface Container {
    readonly name: string;
    readonly image: string;
    readonly env?: readonly { readonly name: string; readonly value: string }[];
    readonly ports?: readonly { readonly containerPort: number; readonly protocol: string }[];
  }
  const template = spec?.['template'] as { readonly spec: { readonly containers: readonly Container[] } };
  return template.spec.containers.map(({ name, image, env = [], ports = [] }) =>
    [
      name,
      image,
      env.map((one) => `${one.name}=${one.value}`).join(','),
      ports.map((port) => `${port.containerPort}/${port.protocol}`).join(','),
    ].join(' '),
  );
}
