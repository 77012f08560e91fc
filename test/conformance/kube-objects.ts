import { expect, test } from 'vitest';
import {
  type AnyObject,
  as,
  configMap,
  configMaps,
  deployment,
  deployments,
  leases,
  type OnCluster,
  quotas,
  refusal,
} from './kube-cluster.ts';

/** Writing and reading of one object, lists, and what is refused. */
export function objectLaws(on: OnCluster): void {
  test(
    'create gives identity, a second one of the name is refused',
    on(async ({ client }, namespace) => {
      const made = await client.create(configMaps, configMap(namespace, 'a', { key: 'value' }), as);
      expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(made.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(await client.get(configMaps, { namespace, name: 'a' })).toEqual(made);
      expect(await refusal(client.create(configMaps, configMap(namespace, 'a', {}), as))).toEqual({
        reason: 'AlreadyExists',
        code: 409,
        message: 'configmaps "a" already exists',
      });
    }),
  );

  test(
    'a generated name is the prefix and five letters',
    on(async ({ client }, namespace) => {
      const { name: _, ...unnamed } = configMap(namespace, '', {}).metadata;
      const object = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { ...unnamed, generateName: 'job-' } as AnyObject['metadata'],
      };
      expect((await client.create(configMaps, object, as)).metadata.name).toMatch(/^job-[a-z0-9]{5}$/);
    }),
  );

  test(
    'what is not there is NotFound, an unknown kind too',
    on(async ({ client }, namespace) => {
      expect(await refusal(client.get(deployments, { namespace, name: 'none' }))).toEqual({
        reason: 'NotFound',
        code: 404,
        message: 'deployments.apps "none" not found',
      });
      const nonsense = {
        group: 'no.example',
        version: 'v1',
        plural: 'things',
        kind: 'Thing',
        namespaced: true,
      };
      expect((await refusal(client.list(nonsense, { namespace }))).code).toBe(404);
    }),
  );

  test(
    'replace with an old resourceVersion is a Conflict; a write that changes nothing keeps the resourceVersion',
    on(async ({ client }, namespace) => {
      const first = await client.create(configMaps, configMap(namespace, 'a', { key: '1' }), as);
      const second = await client.replace(configMaps, { ...first, data: { key: '2' } }, as);
      expect(second.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion);
      expect(await refusal(client.replace(configMaps, { ...first, data: { key: '3' } }, as))).toEqual({
        reason: 'Conflict',
        code: 409,
        message:
          'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      });
      const same = await client.replace(configMaps, second, as);
      expect(same.metadata.resourceVersion).toBe(second.metadata.resourceVersion);
    }),
  );

  test(
    'generation counts changes of spec; status is written by its own endpoint alone',
    on(async ({ client }, namespace) => {
      const made = await client.create(deployments, deployment(namespace, 'web'), as);
      expect(made.metadata.generation).toBe(1);
      const name = { namespace, name: 'web' };
      const labelled = await client.patch<AnyObject>(
        deployments,
        name,
        { type: 'merge', body: { metadata: { labels: { a: 'b' } }, status: { observedGeneration: 77 } } },
        as,
      );
      expect(labelled.metadata.generation).toBe(1);
      expect(labelled.status?.['observedGeneration']).not.toBe(77);
      const spec = await client.patch<AnyObject>(
        deployments,
        name,
        { type: 'merge', body: { spec: { minReadySeconds: 3 } } },
        as,
      );
      expect(spec.metadata.generation).toBe(2);
      const status = await client.patch<AnyObject>(
        deployments,
        name,
        { type: 'merge', body: { spec: { minReadySeconds: 9 }, status: { collisionCount: 4 } } },
        { ...as, subresource: 'status' },
      );
      expect(status.spec?.['minReadySeconds']).toBe(3);
      expect(status.status?.['collisionCount']).toBe(4);
      expect(status.metadata.generation).toBe(2);
    }),
  );

  test(
    'the scale subresource reads and writes replicas',
    on(async ({ client }, namespace) => {
      await client.create(deployments, deployment(namespace, 'web'), as);
      const name = { namespace, name: 'web' };
      const scaled = await client.patch<AnyObject>(
        deployments,
        name,
        { type: 'merge', body: { spec: { replicas: 0 } } },
        { ...as, subresource: 'scale' },
      );
      expect([scaled.kind, scaled.apiVersion, scaled.status?.['selector']]).toEqual([
        'Scale',
        'autoscaling/v1',
        'app=web',
      ]);
    }),
  );

  test(
    'an unknown field is refused, on create and in a patch',
    on(async ({ client }, namespace) => {
      const wrong = deployment(namespace, 'web', { replica: 2 });
      const refused = await refusal(client.create(deployments, wrong, as));
      expect(refused).toMatchObject({ reason: 'BadRequest', code: 400 });
      expect(refused.message).toContain('strict decoding error: unknown field "spec.replica"');
      await client.create(deployments, deployment(namespace, 'web'), as);
      const patch = { type: 'merge', body: { spec: { replica: 2 } } } as const;
      const patched = await refusal(client.patch(deployments, { namespace, name: 'web' }, patch, as));
      expect(patched).toMatchObject({ reason: 'Invalid', code: 422 });
      expect(patched.message).toContain('unknown field "spec.replica"');
    }),
  );

  test(
    'what is invalid names its fields',
    on(async ({ client }, namespace) => {
      const wrong = deployment(namespace, 'web', { selector: { matchLabels: { app: 'other' } } });
      const refused = await refusal(client.create(deployments, wrong, as));
      expect(refused).toMatchObject({ reason: 'Invalid', code: 422 });
      expect(refused.message).toContain(
        'Deployment.apps "web" is invalid: spec.template.metadata.labels: Invalid value:',
      );
      expect(
        (await refusal(client.create(configMaps, configMap(namespace, 'Not_A_Name', {}), as))).reason,
      ).toBe('Invalid');
    }),
  );

  test(
    'JSON patch applies whole or not at all; `test` guards',
    on(async ({ client }, namespace) => {
      await client.create(configMaps, configMap(namespace, 'a', { key: '1' }), as);
      const name = { namespace, name: 'a' };
      const swap = (from: string, to: string) =>
        client.patch<AnyObject>(
          configMaps,
          name,
          {
            type: 'json',
            body: [
              { op: 'test', path: '/data/key', value: from },
              { op: 'replace', path: '/data/key', value: to },
            ],
          },
          as,
        );
      expect((await swap('1', '2')).data).toEqual({ key: '2' });
      expect(await refusal(swap('1', '3'))).toMatchObject({ reason: 'Invalid', code: 422 });
      expect((await client.get<AnyObject>(configMaps, name)).data).toEqual({ key: '2' });
    }),
  );

  test(
    'a strategic patch merges containers by name',
    on(async ({ client }, namespace) => {
      await client.create(deployments, deployment(namespace, 'web'), as);
      const body = {
        spec: {
          template: {
            spec: {
              containers: [
                { name: 'side', image: 'side:1' },
                { name: 'app', image: 'shop:2' },
              ],
            },
          },
        },
      };
      const patched = await client.patch<AnyObject>(
        deployments,
        { namespace, name: 'web' },
        { type: 'strategic', body },
        as,
      );
      const template = patched.spec?.['template'] as {
        readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
      };
      expect(template.spec.containers.map(({ name, image }) => `${name} ${image}`).toSorted()).toEqual([
        'app shop:2',
        'side side:1',
      ]);
    }),
  );

  test(
    'a dry run writes nothing',
    on(async ({ client }, namespace) => {
      await client.create(configMaps, configMap(namespace, 'a', {}), { ...as, dryRun: true });
      expect((await refusal(client.get(configMaps, { namespace, name: 'a' }))).reason).toBe('NotFound');
    }),
  );

  test(
    'lists come in pages of one resourceVersion, and select',
    on(async ({ client }, namespace) => {
      for (const name of ['a', 'b', 'c']) {
        await client.create(
          configMaps,
          configMap(namespace, name, {}, { labels: { half: name === 'b' ? 'two' : 'one', mine: 'yes' } }),
          as,
        );
      }
      const only = { namespace, labelSelector: 'mine=yes' };
      const first = await client.list(configMaps, { ...only, limit: 2 });
      await client.create(configMaps, configMap(namespace, 'd', {}, { labels: { mine: 'yes' } }), as);
      const rest = await client.list(configMaps, {
        ...only,
        limit: 2,
        continue: first.metadata.continue ?? '',
      });
      expect([...first.items, ...rest.items].map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
      expect(rest.metadata).toEqual({ resourceVersion: first.metadata.resourceVersion });
      const names = async (options: object): Promise<readonly string[]> =>
        (await client.list(configMaps, { namespace, ...options })).items.map(({ metadata }) => metadata.name);
      expect(await names({ labelSelector: 'half in (two,three)' })).toEqual(['b']);
      expect(await names({ labelSelector: 'mine,half!=one' })).toEqual(['b', 'd']);
      expect(await names({ fieldSelector: 'metadata.name=c' })).toEqual(['c']);
      const exact = {
        labelSelector: 'mine',
        resourceVersion: first.metadata.resourceVersion,
        resourceVersionMatch: 'Exact',
      };
      expect(await names(exact)).toEqual(['a', 'b', 'c']);
      expect(
        (await refusal(client.list(configMaps, { namespace, fieldSelector: 'data.key=1' }))).reason,
      ).toBe('BadRequest');
    }),
  );

  test(
    'micro time has six digits, or is refused',
    on(async ({ client }, namespace) => {
      const lease = (renewTime: string): AnyObject => ({
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'leader', namespace },
        spec: { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime },
      });
      expect(await refusal(client.create(leases, lease('2026-01-01T00:00:00.123Z'), as))).toMatchObject({
        reason: 'BadRequest',
        code: 400,
      });
      const made = await client.create(leases, lease('2026-01-01T00:00:00.123456Z'), as);
      expect(made.spec?.['renewTime']).toBe('2026-01-01T00:00:00.123456Z');
      const { resourceVersion: _, ...unversioned } = made.metadata;
      expect((await refusal(client.replace(leases, { ...made, metadata: unversioned }, as))).reason).toBe(
        'Invalid',
      );
    }),
  );

  test(
    'a used-up quota is Forbidden',
    on(async (cluster, namespace) => {
      const { client } = cluster;
      const hard = { 'count/leases.coordination.k8s.io': '0' };
      await client.create<AnyObject>(
        quotas,
        { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'few', namespace }, spec: { hard } },
        as,
      );
      let refused = { reason: '', message: '' };
      for (let tries = 0; tries < 100 && refused.reason === ''; tries += 1) {
        const lease = {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name: `lease-${tries}`, namespace },
        };
        refused = await refusal(client.create(leases, lease, as)).catch(() => ({
          reason: '',
          message: '',
          code: 0,
        }));
        await cluster.wait(50);
      }
      expect(refused.reason).toBe('Forbidden');
      expect(refused.message).toContain('exceeded quota: few');
    }),
  );
}
