import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FakeApiServer } from '../../test/fakes/apiserver/api-server.ts';
import { inProcessClient } from '../../test/fakes/apiserver/in-process-client.ts';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import { Informer } from './informer.ts';
import type { KubeObject } from './object.ts';
import { SharedParts } from './shared-parts.ts';

interface Template {
  readonly spec: { readonly containers: readonly unknown[]; readonly node: string };
}

/** As read from JSON: nothing of it is anywhere else. */
function template(node: string): Template {
  const text = JSON.stringify({
    spec: { containers: [{ image: 'registry.example.com/shop:1', env: [], ready: true }], node },
  });
  return JSON.parse(text) as Template;
}

describe('shared parts', () => {
  test('from the second on, equal parts are one; what differs stays apart', () => {
    const parts = new SharedParts();
    const [first, second, third, other] = ['a', 'a', 'a', 'another'].map(template);
    for (const object of [first, second, third, other]) parts.share(object ?? {});
    expect(second?.spec).not.toBe(first?.spec);
    expect(third?.spec).toBe(second?.spec);
    expect(other?.spec).not.toBe(second?.spec);
    expect(other?.spec.containers).toBe(second?.spec.containers);
    expect(other).toEqual(template('another'));
  });

  test('equal texts of objects that differ are one', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const parts = new SharedParts();
    const longText = JSON.stringify('x'.repeat(20_000));
    const objects: unknown[] = [];
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let at = 0; at < 500; at += 1) {
      const object = JSON.parse(`{"part":{"at":${at},"text":${longText}}}`) as object;
      parts.share(object);
      objects.push(object);
    }
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2_000_000);
    expect(objects.length).toBe(500);
  });

  test('an object itself is never another one', () => {
    const parts = new SharedParts();
    const objects = ['a', 'a', 'a'].map(template);
    for (const object of objects) parts.share(object);
    expect(new Set(objects).size).toBe(3);
  });

  test('whatever is shared says what it said, to the order of its keys', () => {
    const parts = new SharedParts();
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 6 }), (objects) => {
        for (const object of [...objects, ...objects, ...objects]) {
          const text = JSON.stringify(object);
          const read = JSON.parse(text) as object;
          parts.share(read);
          expect(JSON.stringify(read)).toBe(text);
        }
      }),
    );
  });

  test.each([
    ['an array and an object', [['a long text of one']], [{ 0: 'a long text of one' }]],
    ['objects of which one key differs', [{ a: 1, b: 2 }], [{ a: 1, c: 2 }]],
    ['an absent key and another one', [{ a: 1 }], [{ b: 1 }]],
    ['null and its name', [[null]], [['null']]],
    ['a number and its text', [[1]], [['1']]],
    ['numbers that are near', [[1]], [[1.5]]],
    ['texts that differ in the middle', [['x'.repeat(200)]], [[`${'x'.repeat(99)}y${'x'.repeat(100)}`]]],
  ])('never takes one for the other: %s', (_, left, right) => {
    const parts = new SharedParts();
    for (const value of [left, left, right, right, left, right]) {
      const read = JSON.parse(JSON.stringify({ value })) as { value: unknown };
      parts.share(read);
      expect(read).toEqual({ value });
    }
  });

  test('forgets what did not come again while many others did', () => {
    const parts = new SharedParts();
    const read = (): Template => {
      const object = template('a');
      parts.share(object);
      return object;
    };
    read();
    const kept = read().spec;
    const others = (count: number): void => {
      for (let at = 0; at < count; at += 1)
        for (let times = 0; times < 2; times += 1) parts.share({ value: { at } });
    };
    others(20_000);
    expect(read().spec).toBe(kept);
    others(60_000);
    expect(read().spec).not.toBe(kept);
  });

  test('the objects of an informer share', async () => {
    const clock = new VirtualClock();
    const client = inProcessClient(new FakeApiServer({ clock }));
    const resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };
    for (const name of ['a', 'b', 'c', 'd']) {
      const metadata = { namespace: 'default', name };
      const data = { text: 'the same in each of them' };
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
      await client.create(resource, object, { fieldManager: 'test' });
    }
    const informer = new Informer<KubeObject & { readonly data?: object }>({
      client,
      resource,
      clock,
      random: () => 0,
    });
    const end = new AbortController();
    const running = informer.run(end.signal);
    await clock.runFor(1);
    const data = informer.lister.list().map((object) => object.data);
    expect([data.length, new Set(data).size]).toEqual([4, 2]);
    end.abort();
    await clock.runFor(1);
    await running;
  });
});
