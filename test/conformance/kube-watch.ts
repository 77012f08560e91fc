import { expect, test } from 'vitest';
import { type AnyObject, as, configMap, configMaps, eventsOf, type OnCluster } from './kube-cluster.ts';

const mine = { labelSelector: 'mine=yes' };
const labels = { mine: 'yes' };

/** Watches from a resourceVersion, with initial events, through a selector. */
export function watchLaws(on: OnCluster): void {
  test(
    'a watch from a list misses nothing and repeats nothing',
    on(async ({ client }, namespace) => {
      await client.create(configMaps, configMap(namespace, 'old', {}, { labels }), as);
      const { metadata } = await client.list(configMaps, { namespace, ...mine });
      const made = await client.create(configMaps, configMap(namespace, 'new', { key: '1' }, { labels }), as);
      await client.replace(configMaps, { ...made, data: { key: '2' } }, as);
      await client.remove(configMaps, { namespace, name: 'new' });
      const watch = client.watch<AnyObject>(configMaps, {
        namespace,
        ...mine,
        resourceVersion: metadata.resourceVersion,
      });
      const changes = (seen: readonly string[]): number => seen.filter((line) => line !== 'BOOKMARK').length;
      const seen = await eventsOf(
        watch,
        (seen) => changes(seen) === 3,
        (object) => ` ${object.data?.['key'] ?? ''}`,
      );
      expect(seen.filter((line) => line !== 'BOOKMARK')).toEqual([
        'ADDED new 1',
        'MODIFIED new 2',
        'DELETED new 2',
      ]);
    }),
  );

  test(
    'a streaming list ends with an annotated bookmark, and goes on',
    on(async (cluster, namespace) => {
      const { client } = cluster;
      for (const name of ['a', 'b'])
        await client.create(configMaps, configMap(namespace, name, {}, { labels }), as);
      const watch = client.watch<AnyObject>(configMaps, { namespace, ...mine, sendInitialEvents: true });
      const later: Promise<unknown>[] = [];
      const seen = await eventsOf(watch, (seen) => {
        if (seen.at(-1) === 'END')
          later.push(client.create(configMaps, configMap(namespace, 'c', {}, { labels }), as));
        return seen.at(-1) === 'ADDED c';
      });
      await Promise.all(later);
      expect(seen.filter((line) => line !== 'BOOKMARK').toSorted()).toEqual([
        'ADDED a',
        'ADDED b',
        'ADDED c',
        'END',
      ]);
      expect(seen.indexOf('END')).toBeGreaterThan(seen.indexOf('ADDED b'));
    }),
  );

  test(
    'an object that enters the selector is added, one that leaves it deleted',
    on(async ({ client }, namespace) => {
      const made = await client.create(configMaps, configMap(namespace, 'a', {}), as);
      const { metadata } = await client.list(configMaps, { namespace });
      const name = { namespace, name: 'a' };
      const label = (value: string | null) =>
        client.patch(
          configMaps,
          name,
          { type: 'merge', body: { metadata: { labels: { mine: value } } } },
          as,
        );
      await label('yes');
      await client.patch(configMaps, name, { type: 'merge', body: { data: { key: '1' } } }, as);
      const left = await label(null);
      await label('yes');
      const options = { namespace, ...mine, resourceVersion: metadata.resourceVersion };
      const watch = client.watch<AnyObject>(configMaps, options);
      const versions: string[] = [];
      const seen = await eventsOf(
        watch,
        (seen) => seen.filter((line) => line.startsWith('ADDED')).length === 2,
        (object) => {
          versions.push(object.metadata.resourceVersion ?? '');
          return ` ${object.metadata.labels?.['mine'] ?? ''}`;
        },
      );
      expect(seen.filter((line) => line !== 'BOOKMARK')).toEqual([
        'ADDED a yes',
        'MODIFIED a yes',
        'DELETED a yes',
        'ADDED a yes',
      ]);
      expect(versions[2]).toBe(left.metadata.resourceVersion);
      expect(made.metadata.name).toBe('a');
    }),
  );

  test(
    'a watch ends after its time, without an error',
    on(async (cluster, namespace) => {
      const watch = cluster.client.watch<AnyObject>(configMaps, {
        namespace,
        resourceVersion: '',
        timeoutSeconds: 1,
        ...mine,
      });
      const reading = eventsOf(watch, () => false);
      const over = { yes: false };
      void reading.finally(() => {
        over.yes = true;
      });
      for (let tries = 0; tries < 400 && !over.yes; tries += 1) await cluster.wait(50);
      expect((await reading).filter((line) => line !== 'BOOKMARK')).toEqual(['END']);
    }),
  );
}
