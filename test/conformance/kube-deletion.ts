import { expect, test } from 'vitest';
import {
  type AnyObject,
  as,
  type ClusterUnderTest,
  configMap,
  configMaps,
  namespaces,
  type OnCluster,
  refusal,
  until,
} from './kube-cluster.ts';

async function isThere({ client }: ClusterUnderTest, namespace: string, name: string): Promise<boolean> {
  const found = await client.list(configMaps, { namespace, fieldSelector: `metadata.name=${name}` });
  return found.items.length > 0;
}

async function ownedPair({ client }: ClusterUnderTest, namespace: string): Promise<AnyObject> {
  const owner = await client.create(configMaps, configMap(namespace, 'owner', {}), as);
  const ownerReferences = [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'owner',
      uid: owner.metadata.uid ?? '',
      controller: true,
      blockOwnerDeletion: true,
    },
  ];
  await client.create(configMaps, configMap(namespace, 'owned', {}, { ownerReferences }), as);
  return owner;
}

/** Preconditions, finalizers, owners, namespaces. */
export function deletionLaws(on: OnCluster): void {
  test(
    'a deletion holds to its preconditions',
    on(async ({ client }, namespace) => {
      const made = await client.create(configMaps, configMap(namespace, 'a', {}), as);
      const name = { namespace, name: 'a' };
      const wrong = await refusal(client.remove(configMaps, name, { preconditions: { uid: 'another' } }));
      expect(wrong).toMatchObject({ reason: 'Conflict', code: 409 });
      expect(wrong.message).toContain(
        'Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (another) does not match the UID in record',
      );
      expect(
        (await refusal(client.remove(configMaps, name, { preconditions: { resourceVersion: '1' } }))).reason,
      ).toBe('Conflict');
      await client.remove(configMaps, name, {
        preconditions: { uid: made.metadata.uid ?? '', resourceVersion: made.metadata.resourceVersion ?? '' },
      });
      expect((await refusal(client.remove(configMaps, name))).reason).toBe('NotFound');
    }),
  );

  test(
    'a finalizer keeps the object until it is taken off',
    on(async ({ client }, namespace) => {
      await client.create(
        configMaps,
        configMap(namespace, 'a', {}, { finalizers: ['example.com/hold'] }),
        as,
      );
      const name = { namespace, name: 'a' };
      await client.remove(configMaps, name);
      const waiting = await client.get<AnyObject>(configMaps, name);
      expect(waiting.metadata.deletionTimestamp).toMatch(/Z$/);
      const add = {
        type: 'merge',
        body: { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } },
      } as const;
      expect((await refusal(client.patch(configMaps, name, add, as))).message).toContain(
        'no new finalizers can be added if the object is being deleted',
      );
      await client.patch(configMaps, name, { type: 'merge', body: { metadata: { finalizers: null } } }, as);
      expect((await refusal(client.get(configMaps, name))).reason).toBe('NotFound');
    }),
  );

  test(
    'what an owner leaves behind is collected',
    on(async (cluster, namespace) => {
      await ownedPair(cluster, namespace);
      await cluster.client.remove(
        configMaps,
        { namespace, name: 'owner' },
        { propagationPolicy: 'Background' },
      );
      expect(await isThere(cluster, namespace, 'owner')).toBe(false);
      await until(
        cluster,
        'the owned object is gone',
        async () => !(await isThere(cluster, namespace, 'owned')),
      );
    }),
  );

  test(
    'a foreground deletion ends with the owner',
    on(async (cluster, namespace) => {
      await ownedPair(cluster, namespace);
      await cluster.client.patch(
        configMaps,
        { namespace, name: 'owned' },
        { type: 'merge', body: { metadata: { finalizers: ['example.com/hold'] } } },
        as,
      );
      await cluster.client.remove(
        configMaps,
        { namespace, name: 'owner' },
        { propagationPolicy: 'Foreground' },
      );
      await until(cluster, 'the owned object is asked to go', async () => {
        const owned = await cluster.client.get<AnyObject>(configMaps, { namespace, name: 'owned' });
        return owned.metadata.deletionTimestamp !== undefined;
      });
      const owner = await cluster.client.get<AnyObject>(configMaps, { namespace, name: 'owner' });
      expect(owner.metadata.finalizers).toEqual(['foregroundDeletion']);
      await cluster.client.patch(
        configMaps,
        { namespace, name: 'owned' },
        { type: 'merge', body: { metadata: { finalizers: null } } },
        as,
      );
      await until(cluster, 'the owner is gone', async () => !(await isThere(cluster, namespace, 'owner')));
    }),
  );

  test(
    'an orphaned object stays, without its owner',
    on(async (cluster, namespace) => {
      await ownedPair(cluster, namespace);
      await cluster.client.remove(configMaps, { namespace, name: 'owner' }, { propagationPolicy: 'Orphan' });
      await until(cluster, 'the owner is gone', async () => !(await isThere(cluster, namespace, 'owner')));
      const owned = await cluster.client.get<AnyObject>(configMaps, { namespace, name: 'owned' });
      expect(owned.metadata.ownerReferences).toBeUndefined();
    }),
  );

  test(
    'a namespace takes all in it along, and takes nothing new',
    on(async (cluster, namespace) => {
      const { client } = cluster;
      await client.create(
        configMaps,
        configMap(namespace, 'held', {}, { finalizers: ['example.com/hold'] }),
        as,
      );
      await client.create(configMaps, configMap(namespace, 'free', {}), as);
      await client.remove(namespaces, { name: namespace });
      await until(cluster, 'its objects are gone', async () => !(await isThere(cluster, namespace, 'free')));
      const refused = await refusal(client.create(configMaps, configMap(namespace, 'late', {}), as));
      expect(refused).toMatchObject({ reason: 'Forbidden', code: 403 });
      expect(refused.message).toContain('because it is being terminated');
      await client.patch(
        configMaps,
        { namespace, name: 'held' },
        { type: 'merge', body: { metadata: { finalizers: null } } },
        as,
      );
      await until(cluster, 'the namespace is gone', () =>
        client.get(namespaces, { name: namespace }).then(
          () => false,
          () => true,
        ),
      );
      expect((await refusal(client.create(configMaps, configMap(namespace, 'late', {}), as))).reason).toBe(
        'NotFound',
      );
    }),
  );
}
