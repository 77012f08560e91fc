import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { follow, lastLines } from './log-tail.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-tail-'));
  path = join(folder, 'a.log');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('the last lines, whole ones only', async () => {
  await writeFile(path, 'one\ntwo\nthree\nhal');
  expect(await lastLines(path, 2)).toEqual({ lines: ['two', 'three'], offset: 14 });
  expect(await lastLines(path, 10)).toEqual({ lines: ['one', 'two', 'three'], offset: 14 });
  expect(await lastLines(path, 0)).toEqual({ lines: [], offset: 14 });
});

test('a file that is not there yet has no lines', async () => {
  expect(await lastLines(path, 5)).toEqual({ lines: [], offset: 0 });
});

test('lines of a file larger than one reading', async () => {
  await writeFile(path, Array.from({ length: 50_000 }, (_, index) => `line ${index} é`).join('\n'));
  const { lines } = await lastLines(path, 3);
  expect(lines).toEqual(['line 49996 é', 'line 49997 é', 'line 49998 é']);
});

test('1 GB without a line break is not read into memory', async () => {
  await writeFile(path, '');
  await truncate(path, 1024 ** 3);
  expect((await lastLines(path, 10)).lines).toEqual([]);
});

test('following goes on after a rotation and after a truncation', async () => {
  await writeFile(path, '');
  const end = new AbortController();
  const stream = follow(path, 0, end.signal, 5);
  const next = async (): Promise<unknown> => (await stream.next()).value;
  await appendFile(path, 'a\n');
  expect(await next()).toEqual(['a']);
  await rename(path, `${path}.1`);
  await writeFile(path, 'bb\n');
  expect(await next()).toEqual(['bb']);
  await writeFile(path, 'c\n');
  expect(await next()).toEqual(['c']);
  const last = stream.next();
  end.abort();
  expect((await last).done).toBe(true);
});
