import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { freePort } from '../../src/platform/local/process/free-port.ts';
import { processesWithEnvironment } from '../../src/platform/local/process/identity.ts';
import { app, manifest } from './manifest.ts';
import { Rig, type Run, until } from './rig.ts';

const shop = 'default/shop';
const quick = ['{ weight: 20, duration: 500ms }', '{ weight: 50, duration: 500ms }'];
const isRoot = process.getuid?.() === 0;
const firstFreePort = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));

if (!isRoot) console.log('Not root: no disk is filled.');
if (firstFreePort < 2) console.log('No port of this machine needs more rights: that one is not tried.');

async function serving(rig: Rig, more: readonly string[] = []): Promise<void> {
  await rig.up(rig.write('shop.yaml', manifest({ port: rig.port, steps: quick, process: more })));
  await rig.ok('wait', 'shop', '--timeout', '30s');
}

/** A refusal: nothing on stdout, and its code with the exit code on stderr. */
function refusal(run: Run): string {
  expect(run.stdout).toBe('');
  const [, code, exit] = /code ([a-z-]+), exit (\d+)/.exec(run.stderr) ?? [];
  expect(run.exit).toBe(Number(exit));
  return `${code} ${exit}`;
}

describe.concurrent('what is refused', () => {
  test('manifests: nothing of them is applied', async () => {
    await using rig = await Rig.create();
    await serving(rig);
    const load = rig.load(50);
    const good = manifest({ port: rig.port, steps: quick, env: { VERSION: 'v2' } });
    const apply = async (name: string, text: string): Promise<Run> => {
      rig.write(name, text);
      return await rig.sluice('apply', name);
    };
    const broken = await apply('broken.yaml', 'kind: [Process\n');
    expect(refusal(broken)).toBe('invalid-resource 2');
    expect(broken.stderr).toContain('broken.yaml:2:1 error yaml-syntax');
    const unknown = await apply('unknown.yaml', good.replace('replicas:', 'replica:'));
    expect(refusal(unknown)).toBe('invalid-resource 2');
    expect(unknown.stderr).toContain('unknown.yaml:8:3 error unknown-field: spec has no field "replica".');
    expect(unknown.stderr).toContain('fix: write replicas');
    const twice = await apply('twice.yaml', `${good}---\n${good}`);
    expect(refusal(twice)).toBe('invalid-resource 2');
    expect(twice.stderr).toContain('duplicate-resource');
    expect(refusal(await rig.sluice('apply', 'missing.yaml'))).toBe('usage 2');
    expect(refusal(await rig.sluice('deploy', 'shop', '--set', 'VERSION=v2'))).toBe('usage 2');
    expect((await rig.client.history(shop, 10)).rollouts).toHaveLength(1);
    expect(await load.stop()).toMatchObject({ failed: 0 });
    expect([...load.byVersion.keys()]).toEqual(['v1']);
  });

  test('ports: in use, of another service, of the API; the cure then works', async () => {
    await using rig = await Rig.create();
    await serving(rig);
    const taken = await freePort();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(taken, '127.0.0.1', resolve));
    rig.write('second.yaml', manifest({ name: 'second', port: taken, steps: quick }));
    expect(refusal(await rig.sluice('apply', 'second.yaml'))).toBe('port-in-use 2');
    expect(await rig.ok('list', '-o', 'name')).toBe(shop);
    await new Promise((resolve) => other.close(resolve));
    await rig.ok('apply', 'second.yaml');
    await rig.ok('wait', 'second', '--timeout', '30s');
    rig.write('third.yaml', manifest({ name: 'third', port: rig.port, steps: quick }));
    const third = await rig.sluice('apply', 'third.yaml');
    expect(third.exit).toBe(2);
    expect(third.stderr).toContain('port');
    const elsewhere = join(rig.folder, 'elsewhere');
    const api = await rig.sluice('up', '-d', '--state', elsewhere, '--api-port', String(rig.port));
    expect(refusal(api)).toBe('port-in-use 2');
    // The engine that was refused left no keeper behind.
    expect((await rig.sluice('down', '--state', elsewhere)).exit).toBe(10);
    expect(await rig.get()).toBe('v1');
  });

  test.runIf(firstFreePort > 1)('a port that needs root', async () => {
    await using rig = await Rig.create();
    const as = { unprivileged: true };
    rig.write('low.yaml', manifest({ port: firstFreePort - 1, steps: quick }));
    const up = await rig.start(['up', '-d', '-f', 'low.yaml'], as).ended;
    expect(up.exit).toBe(2);
    expect(up.stderr).toContain('code port-forbidden, exit 2');
    expect(up.stderr).toContain('1024');
    expect((await rig.start(['down'], as).ended).exit).toBe(0);
  });

  test('state directories: read-only, in use, of a newer version, no database', async () => {
    await using rig = await Rig.create();
    const closed = join(rig.folder, 'closed');
    mkdirSync(closed, { mode: 0o500 });
    const as = { unprivileged: true };
    const readOnly = await rig.start(['up', '-d', '--state', join(closed, 'state')], as).ended;
    expect(refusal(readOnly)).toBe('state-unwritable 1');

    await serving(rig);
    const second = await rig.sluice('up', '-d');
    expect(refusal(second)).toBe('state-locked 2');
    expect(second.stderr).toContain(`process ${rig.enginePid}`);
    expect(await rig.get()).toBe('v1');
    await rig.ok('down');

    const database = new DatabaseSync(join(rig.state, 'state.db'));
    database.exec('pragma user_version = 9999');
    database.close();
    expect(refusal(await rig.sluice('up', '-d'))).toBe('state-newer 2');
    writeFileSync(join(rig.state, 'state.db'), 'not a database, but long enough to look at'.repeat(100));
    expect(refusal(await rig.sluice('up', '-d'))).toBe('state-damaged 1');
    expect(rig.processes()).toEqual([]);
  });
});

describe.concurrent('processes that do not do what they should', () => {
  test('those that cannot serve are taken back, and say why; the old one serves on', async () => {
    await using rig = await Rig.create();
    await serving(rig, ['progressDeadlineSeconds: 10']);
    const load = rig.load(50);
    const bad = async (...set: readonly string[]): Promise<string> => {
      const run = await rig.sluice('deploy', 'shop', '--wait', '--set', ...set);
      expect(run.exit).toBe(3);
      expect(await rig.get()).toBe('v1');
      return await rig.ok('why', 'shop');
    };
    expect(await bad('command=["no-such-program"]')).toContain(
      'process-start-failed: "no-such-program" was not found',
    );
    const node = `command=["node","${app}"]`;
    expect(await bad(node, 'env.READY=never')).toContain('deadline-exceeded');
    expect(await bad(node, 'env.READY=', 'env.EXIT=3')).toContain('exited with code 3');
    expect(await rig.ok('logs', 'shop')).toContain('the database is not there');
    const report = await load.stop();
    expect(report).toMatchObject({ failed: 0, byStatus: { 200: report.requests } });
    expect([...load.byVersion.keys()]).toEqual(['v1']);
  });

  test('one that ignores SIGTERM is killed after its grace period', async () => {
    await using rig = await Rig.create();
    await serving(rig);
    const load = rig.load(50);
    const mark = String(rig.port);
    await rig.ok('deploy', 'shop', '--set', 'env.VERSION=v2', `env.IGNORE=${mark}`, '--wait');
    const stubborn = (): readonly number[] => processesWithEnvironment('IGNORE', mark);
    await until('the end of its canary', () => stubborn().length === 1);
    await rig.ok('deploy', 'shop', '--set', 'env.VERSION=v3', 'env.IGNORE=', '--wait');
    await until('the end of v2', () => stubborn().length === 0);
    expect(await rig.get()).toBe('v3');
    // Also where it is to end with all others.
    await rig.ok('deploy', 'shop', '--set', `env.IGNORE=${mark}`, '--wait');
    expect(await load.stop()).toMatchObject({ failed: 0 });
    await rig.ok('down');
    expect(rig.processes()).toEqual([]);
  });

  test('one that prints a gigabyte fills no disk and goes on serving', async () => {
    await using rig = await Rig.create();
    const text = manifest({ port: rig.port, steps: quick, env: { PRINT_MB: '1024' } });
    await rig.up(rig.write('shop.yaml', text));
    await rig.ok('wait', 'shop', '--timeout', '30s');
    const logs = join(rig.state, 'logs', 'default_shop');
    const sizeMb = (): number =>
      readdirSync(logs).reduce(
        (sum, name) => sum + (statSync(join(logs, name), { throwIfNoEntry: false })?.size ?? 0),
        0,
      ) /
      1024 /
      1024;
    let mostMb = 0;
    await until('the end of the printing', async () => {
      mostMb = Math.max(mostMb, sizeMb());
      return (await rig.get('/printed')) === '1024';
    });
    // Ten megabytes a file and two older ones; what is written within a second comes on top.
    await until('the rotation', () => sizeMb() <= 31);
    expect(mostMb).toBeLessThan(512);
    expect(await rig.get()).toBe('v1');
  });
});

describe.runIf(isRoot)('a full disk', () => {
  test('stops nothing that serves, a rollback either, and what was refused works again later', async () => {
    await using rig = await Rig.create();
    mkdirSync(rig.state, { mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=0700', 'tmpfs', rig.state]);
    try {
      const steps = ['{ weight: 20, duration: 10m }'];
      await rig.up(rig.write('shop.yaml', manifest({ port: rig.port, steps })));
      await rig.ok('wait', 'shop', '--timeout', '30s');
      const load = rig.load(50);
      await rig.ok('deploy', 'shop', '--set', 'env.VERSION=v2');
      await rig.ok('wait', 'shop', '--for', 'weight=20', '--timeout', '30s');
      const ballast = join(rig.state, 'ballast');
      expect(() => writeFileSync(ballast, Buffer.alloc(32 * 1024 * 1024))).toThrow('ENOSPC');
      await rig.ok('rollback', 'shop');
      await until('v1 alone', async () => {
        const before = load.byVersion.get('v2');
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        return load.byVersion.get('v2') === before;
      });
      const refused = await rig.sluice('deploy', 'shop', '--set', 'env.VERSION=v3');
      expect(refusal(refused)).toBe('state-unwritable 1');
      rmSync(ballast);
      await until(
        'room',
        async () => (await rig.sluice('deploy', 'shop', '--set', 'env.VERSION=v4')).exit === 0,
      );
      await rig.ok('wait', 'shop', '--for', 'weight=20', '--timeout', '30s');
      expect(await load.stop()).toMatchObject({ failed: 0 });
      await rig.ok('down');
    } finally {
      if (rig.processes().length > 0) await rig.sluice('down');
      execFileSync('umount', ['-l', rig.state]);
    }
  });
});
