import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openNameRegistry } from './name-registry.ts';

test('names outlive a restart, and a damaged file is an empty one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-names-'));
  const path = join(folder, 'names.json');
  const names = openNameRegistry(path);
  await names.register({ name: 'flagger-loadtester.test', url: 'http://127.0.0.1:9090' });
  expect(openNameRegistry(path).resolve('flagger-loadtester.test')).toBe('127.0.0.1:9090');
  await names.remove('flagger-loadtester.test');
  expect(openNameRegistry(path).list()).toEqual([]);
  await writeFile(path, '[{"name":"x","url":"not a url"}, 7]');
  expect(openNameRegistry(path).list()).toEqual([]);
  await writeFile(path, '{');
  expect(openNameRegistry(path).list()).toEqual([]);
  await rm(folder, { recursive: true });
});
