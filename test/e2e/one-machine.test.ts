import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { application, freePort, manifest, Sluice, traffic } from './sluice.ts';

let sluice: Sluice;
let port: number;

beforeEach(async () => {
  sluice = await Sluice.create();
  port = await freePort();
  await sluice.write('app.mjs', application);
  await sluice.write('web.yaml', manifest(port));
});

afterEach(async () => {
  await sluice.remove();
});

async function body(): Promise<string> {
  return await fetch(`http://127.0.0.1:${port}/`)
    .then((response) => response.text())
    .catch(() => 'no answer');
}

async function up(): Promise<void> {
  const ran = await sluice.run('up', '-d', '-f', 'web.yaml');
  expect(ran, ran.err).toMatchObject({ exit: 0 });
  const first = await sluice.run('wait', 'web', '--timeout', '30s');
  expect(first, first.err).toMatchObject({ exit: 0 });
}

async function enginePid(): Promise<number> {
  return (JSON.parse(await readFile(join(sluice.state, 'engine.json'), 'utf8')) as { pid: number }).pid;
}

test('a good revision is promoted, a bad one comes back, and only its own requests fail', async () => {
  await up();
  const load = traffic(port);
  const good = await sluice.run('deploy', 'web', '--set', 'env.VERSION=v2', '--wait', '--timeout', '90s');
  expect(good, good.err).toMatchObject({ exit: 0 });
  expect(good.out).toMatch(/^[0-9a-f]{10}\n$/);
  expect(await body()).toBe('v2');
  const bad = await sluice.run('deploy', 'web', '--set', 'env.VERSION=bad', '--wait', '--timeout', '90s');
  expect(bad, bad.err).toMatchObject({ exit: 3 });
  const { failed, byBody } = await load.stop();
  expect(failed).toBe(0);
  expect(Object.keys(byBody).toSorted()).toEqual(['200 v1', '200 v2', '500 bad']);
  expect(await body()).toBe('v2');
  // The same question later gives the same answer.
  expect((await sluice.run('wait', 'web', '--revision', bad.out.trim())).exit).toBe(3);
  expect((await sluice.run('history', 'web', '-o', 'name')).out.trimEnd().split('\n')).toHaveLength(3);
  expect((await sluice.run('why', 'web')).out).toContain('bad, ended as RolledBack');
  const audit = await sluice.run('audit', 'export');
  await sluice.write('audit.jsonl', audit.out);
  expect((await sluice.run('audit', 'verify', 'audit.jsonl')).exit).toBe(0);
  await sluice.write('forged.jsonl', audit.out.replace('"person"', '"pipeline"'));
  expect((await sluice.run('audit', 'verify', 'forged.jsonl')).exit).toBe(1);
});

test('an engine that is killed in the middle goes on where it was, and no request is lost', async () => {
  await up();
  const load = traffic(port);
  const { out } = await sluice.run('deploy', 'web', '--set', 'env.VERSION=v2');
  expect((await sluice.run('wait', 'web', '--for', 'weight=25', '--timeout', '60s')).exit).toBe(0);
  process.kill(await enginePid(), 'SIGKILL');
  expect((await sluice.run('up', '-d')).exit).toBe(0);
  const ended = await sluice.run('wait', 'web', '--revision', out.trim(), '--timeout', '90s');
  expect(ended, ended.err).toMatchObject({ exit: 0 });
  expect(await load.stop()).toMatchObject({ failed: 0 });
});

test('SIGTERM ends the engine alone, down ends everything', async () => {
  await up();
  const pid = await enginePid();
  process.kill(pid, 'SIGTERM');
  await expect.poll(async () => (await sluice.run('list')).exit, { timeout: 20_000 }).toBe(10);
  expect(await body()).toBe('v1');
  expect((await sluice.run('up', '-d')).exit).toBe(0);
  expect(await body()).toBe('v1');
  expect((await sluice.run('down')).exit).toBe(0);
  expect(await body()).toBe('no answer');
  expect((await sluice.run('down')).exit).toBe(10);
});

test('down also ends what a killed engine left behind', async () => {
  await up();
  process.kill(await enginePid(), 'SIGKILL');
  expect(await body()).toBe('v1');
  expect((await sluice.run('down')).exit).toBe(0);
  expect(await body()).toBe('no answer');
});

test('Ctrl-C in the foreground drains and stops everything', async () => {
  const engine = sluice.start('up', '-f', 'web.yaml');
  const ended = new Promise<number | null>((resolve) => engine.once('exit', resolve));
  await expect.poll(body, { timeout: 30_000 }).toBe('v1');
  engine.kill('SIGINT');
  expect(await ended).toBe(0);
  expect(await body()).toBe('no answer');
});

test('what can be wrong at the start', async () => {
  await sluice.write('bad.yaml', 'kind: [Process');
  const broken = await sluice.run('up', '-d', '-f', 'bad.yaml');
  expect([broken.exit, broken.err.includes('bad.yaml:1:')]).toEqual([2, true]);
  expect((await sluice.run('up', '-d', '-f', 'none.yaml')).exit).toBe(2);
  await up();
  const second = await sluice.run('up', '-d');
  expect([second.exit, second.err.includes('state-locked')]).toEqual([2, true]);
  const taken = manifest(port).replaceAll('name: web', 'name: other');
  await sluice.write('other.yaml', taken);
  const other = await sluice.run('apply', 'other.yaml');
  expect([other.exit, other.err.includes('port')]).toEqual([2, true]);
  expect(await body()).toBe('v1');
});

test('the token is for this user alone', async () => {
  await up();
  for (const [name, mode] of [
    ['', 0o700],
    ['token', 0o600],
    ['engine.json', 0o600],
  ] as const) {
    expect([name, (await stat(join(sluice.state, name))).mode & 0o777]).toEqual([name, mode]);
  }
});
