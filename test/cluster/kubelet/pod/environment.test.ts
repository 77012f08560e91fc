import { describe, expect, test } from 'vitest';
import { environmentOf, expand } from './environment.ts';
import type { Container } from './pod.ts';
import { type SourceData, sourceKey, type Sources, sourcesOfEnvironment } from './sources.ts';
import { makeContainer, makePod, place } from './testing.ts';

const data = (entries: Record<string, string>): SourceData =>
  Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, Buffer.from(value)]));
const sources: Sources = new Map([
  [sourceKey({ kind: 'configmap', name: 'config' }), data({ mode: 'fast', SIZE: '3' })],
  [sourceKey({ kind: 'secret', name: 'keys' }), data({ token: 'hush' })],
]);

function resolve(more: Partial<Container>): unknown {
  const result = environmentOf(makeContainer(more), makePod({}), place, sources);
  return result.kind === 'resolved' ? result.environment : result.message;
}

describe('the environment of a container', () => {
  test('is made of literals, of fields, and of keys of ConfigMaps and Secrets', () => {
    const field = (name: string, fieldPath: string): object => ({
      name,
      valueFrom: { fieldRef: { fieldPath } },
    });
    const env = [
      { name: 'PLAIN', value: 'text' },
      { name: 'EMPTY' },
      field('NAME', 'metadata.name'),
      field('NAMESPACE', 'metadata.namespace'),
      field('UID', 'metadata.uid'),
      field('APP', "metadata.labels['app']"),
      field('NOTE', "metadata.annotations['note']"),
      field('NONE', "metadata.labels['none']"),
      field('LABELS', 'metadata.labels'),
      field('NODE', 'spec.nodeName'),
      field('IP', 'status.podIP'),
      field('HOST_IP', 'status.hostIP'),
      { name: 'MODE', valueFrom: { configMapKeyRef: { name: 'config', key: 'mode' } } },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } },
      { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'requests.memory' } } },
    ] as NonNullable<Container['env']>;
    expect(resolve({ env, resources: { limits: { cpu: '2' } } })).toMatchInlineSnapshot(`
      {
        "APP": "web",
        "CPU": "2",
        "EMPTY": "",
        "HOST_IP": "10.243.0.1",
        "IP": "10.244.0.7",
        "LABELS": "app="web"
      tier="a \\"b\\""",
        "MEMORY": "0",
        "MODE": "fast",
        "NAME": "web-1",
        "NAMESPACE": "shop",
        "NODE": "node-1",
        "NONE": "",
        "NOTE": "x",
        "PLAIN": "text",
        "TOKEN": "hush",
        "UID": "u1",
      }
    `);
  });

  test('takes whole ConfigMaps and Secrets first, so that single variables win', () => {
    const envFrom = [
      { configMapRef: { name: 'config' } },
      { secretRef: { name: 'keys' }, prefix: 'KEY_' },
      { configMapRef: { name: 'absent', optional: true } },
    ];
    expect(resolve({ envFrom, env: [{ name: 'SIZE', value: '4 of $(mode)' }] })).toEqual({
      mode: 'fast',
      SIZE: '4 of fast',
      KEY_token: 'hush',
    });
  });

  test.each([
    [{ configMapKeyRef: { name: 'absent', key: 'a' } }, 'configmap "absent" not found'],
    [{ secretKeyRef: { name: 'absent', key: 'a' } }, 'secret "absent" not found'],
    [{ configMapKeyRef: { name: 'config', key: 'a' } }, "couldn't find key a in ConfigMap shop/config"],
    [{ secretKeyRef: { name: 'keys', key: 'a' } }, "couldn't find key a in Secret shop/keys"],
    [{ configMapKeyRef: { name: 'absent', key: 'a', optional: true } }, {}],
    [{ secretKeyRef: { name: 'keys', key: 'a', optional: true } }, {}],
    [{ fieldRef: { fieldPath: 'spec.colour' } }, 'unsupported fieldPath: spec.colour'],
  ])('of %j is %j', (valueFrom, result) => {
    expect(resolve({ env: [{ name: 'A', valueFrom }] })).toEqual(result);
  });

  test('of a whole ConfigMap that is absent is not there yet', () => {
    expect(resolve({ envFrom: [{ configMapRef: { name: 'absent' } }] })).toBe('configmap "absent" not found');
    expect(resolve({ envFrom: [{ secretRef: { name: 'absent' } }] })).toBe('secret "absent" not found');
  });

  test('is made of what it names', () => {
    const container = makeContainer({
      envFrom: [{ configMapRef: { name: 'a' } }, { secretRef: { name: 'b' } }],
      env: [
        { name: 'C', valueFrom: { configMapKeyRef: { name: 'c', key: 'x' } } },
        { name: 'D', valueFrom: { secretKeyRef: { name: 'd', key: 'x' } } },
        { name: 'E', value: 'e' },
      ],
    });
    expect(sourcesOfEnvironment(container).map(sourceKey)).toEqual([
      'configmap "a"',
      'secret "b"',
      'configmap "c"',
      'secret "d"',
    ]);
  });

  test.each([
    ['$(A)-$(B)', 'one-$(B)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$one'],
    ['$A $', '$A $'],
    ['$()', '$()'],
  ])('expands %s to %s', (text, expanded) => {
    expect(expand(text, { A: 'one' })).toBe(expanded);
  });
});
