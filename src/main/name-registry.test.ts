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

test('the names of services stand beside the registered ones, which go before them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-names-'));
  const services = { shop: '127.0.0.1:8080', 'shop-canary': '127.0.0.1:40001', 'shop-primary': '' };
  const names = openNameRegistry(join(folder, 'names.json'), () => services);
  expect(names.resolve('shop-canary')).toBe('127.0.0.1:40001');
  expect(names.resolve('shop-primary')).toBeNull();
  await names.register({ name: 'shop', url: 'http://127.0.0.1:9090' });
  expect(names.resolve('shop')).toBe('127.0.0.1:9090');
  expect(names.list()).toEqual([
    { name: 'shop', url: 'http://127.0.0.1:9090' },
    { name: 'shop-canary', url: 'http://127.0.0.1:40001' },
  ]);
  await names.remove('shop');
  expect(names.resolve('shop')).toBe('127.0.0.1:8080');
  await rm(folder, { recursive: true });
});
