import type { Volume } from 'kubernetes-types/core/v1.js';
import { describe, expect, test } from 'vitest';
import { sourceKey, type Sources, sourcesOfVolumes } from './sources.ts';
import { makePod, place } from './testing.ts';
import { volumeFiles } from './volume-files.ts';

const sources: Sources = new Map([
  [sourceKey({ kind: 'configmap', name: 'config' }), { a: Buffer.from('1'), b: Buffer.from('2') }],
  [sourceKey({ kind: 'secret', name: 'keys' }), { token: Buffer.from([0, 255]) }],
  [sourceKey({ kind: 'token', name: '' }), { token: Buffer.from('signed') }],
]);

function files(volume: Omit<Volume, 'name'>): unknown {
  const result = volumeFiles({ name: 'v', ...volume }, makePod({}), place, sources);
  if (result.kind === 'missing') return result.message;
  return Object.fromEntries([...result.files].map(([path, content]) => [path, content.toString('latin1')]));
}

const item = (key: string, path: string): { readonly key: string; readonly path: string } => ({ key, path });

describe('a volume', () => {
  test('has a file for each key, or for those that are named', () => {
    expect(files({ configMap: { name: 'config' } })).toEqual({ a: '1', b: '2' });
    expect(files({ configMap: { name: 'config', items: [item('b', 'sub/c')] } })).toEqual({ 'sub/c': '2' });
    expect(files({ secret: { secretName: 'keys' } })).toEqual({ token: '\0\xff' });
    expect(files({ emptyDir: {} })).toEqual({});
  });

  test('may be of the downward API, and be projected of several', () => {
    const items = [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }];
    expect(files({ downwardAPI: { items } })).toEqual({ labels: 'app="web"\ntier="a \\"b\\""' });
    const projected = {
      sources: [
        { configMap: { name: 'config', items: [item('a', 'x')] } },
        { secret: { name: 'keys' } },
        { downwardAPI: { items: [{ path: 'node', fieldRef: { fieldPath: 'spec.nodeName' } }] } },
        { serviceAccountToken: { path: 'me' } },
      ],
    };
    expect(files({ projected })).toEqual({ x: '1', token: '\0\xff', node: 'node-1', me: 'signed' });
  });

  test('waits for what is missing unless that is optional', () => {
    expect(files({ configMap: { name: 'absent' } })).toBe('configmap "absent" not found');
    expect(files({ secret: { secretName: 'absent' } })).toBe('secret "absent" not found');
    const token = { serviceAccountToken: { path: 'me', audience: 'vault' } };
    expect(files({ projected: { sources: [token] } })).toBe('token "vault" not found');
    const items = [item('none', 'x')];
    expect(files({ configMap: { name: 'config', items } })).toBe(
      'configmap "config" references non-existent key: none',
    );
    expect(files({ configMap: { name: 'config', items, optional: true } })).toEqual({});
    expect(files({ configMap: { name: 'absent', optional: true } })).toEqual({});
    const fields = [{ path: 'x', fieldRef: { fieldPath: 'spec.colour' } }];
    expect(files({ downwardAPI: { items: fields } })).toBe('unsupported fieldPath: spec.colour');
  });

  test('is made of what it names', () => {
    const volumes = [
      { name: 'a', configMap: { name: 'a' } },
      { name: 'b', secret: { secretName: 'b' } },
      {
        name: 'c',
        projected: {
          sources: [
            { configMap: { name: 'c' } },
            { secret: { name: 'd' } },
            { serviceAccountToken: { path: 'x', audience: 'vault' } },
          ],
        },
      },
      { name: 'e', emptyDir: {} },
    ];
    expect(sourcesOfVolumes(makePod({ volumes })).map(sourceKey)).toEqual([
      'configmap "a"',
      'secret "b"',
      'configmap "c"',
      'secret "d"',
      'token "vault"',
    ]);
  });
});
