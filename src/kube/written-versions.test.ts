import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import type { KubeObject } from './object.ts';
import { WrittenVersions } from './written-versions.ts';

class Cache {
  resourceVersion: string | null = '100';
  found: KubeObject | undefined;
  readonly lister = { get: () => this.found };
  readonly listeners = new Set<() => void>();

  onProgress(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  reach(resourceVersion: string): void {
    this.resourceVersion = resourceVersion;
    for (const listener of this.listeners) listener();
  }
}

function object(resourceVersion: string, metadata: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a', uid: 'u', resourceVersion, ...metadata } };
}

function setUp() {
  const clock = new VirtualClock();
  const givenUp: string[] = [];
  const versions = new WrittenVersions(clock, (key) => givenUp.push(key));
  const woken: string[] = [];
  const wait = (key: string): void => versions.whenReached(key, () => woken.push(key));
  return { clock, versions, cache: new Cache(), woken, wait, givenUp };
}

describe('written versions', () => {
  test('a key is behind until every cache has come to its writes; other keys are not', () => {
    const { clock, versions, cache, woken, wait } = setUp();
    const other = new Cache();
    versions.wrote('k', cache, object('105'));
    versions.wrote('k', other, object('103'));
    expect([versions.isBehind('k'), versions.isBehind('j')]).toEqual([true, false]);
    wait('k');
    cache.reach('104');
    other.reach('103');
    expect(woken).toEqual([]);
    cache.reach('1000');
    expect(woken).toEqual(['k']);
    cache.reach('1001');
    expect(woken).toEqual(['k']);
    expect(versions.isBehind('k')).toBe(false);
    expect([cache.listeners.size, other.listeners.size, clock.nextMs]).toEqual([0, 0, null]);
  });

  test('a write that the cache shows already is not waited for: the event came before the answer', () => {
    const { versions, cache, woken, wait } = setUp();
    cache.reach('105');
    versions.wrote('k', cache, object('105'));
    expect(versions.isBehind('k')).toBe(false);
    wait('k');
    expect(woken).toEqual(['k']);
  });

  test('a deletion has come when the object is gone, going, or another one', () => {
    for (const after of [
      undefined,
      object('101', { uid: 'u2' }),
      object('101', { deletionTimestamp: 'now' }),
    ]) {
      const { versions, cache } = setUp();
      cache.found = object('99');
      versions.removed('k', cache, { name: 'a' }, 'u');
      expect(versions.isBehind('k')).toBe(true);
      cache.found = after;
      expect(versions.isBehind('k')).toBe(false);
    }
  });

  test('fails open: after ten seconds, and where versions are no numbers', async () => {
    const { clock, versions, cache, woken, wait, givenUp } = setUp();
    versions.wrote('k', cache, object('105'));
    wait('k');
    await clock.runFor(9999);
    expect(woken).toEqual([]);
    await clock.runFor(1);
    expect([woken, givenUp, versions.isBehind('k')]).toEqual([['k'], ['k'], false]);
    versions.wrote('j', cache, object('opaque'));
    expect(versions.isBehind('j')).toBe(false);
  });
});
