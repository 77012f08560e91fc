import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { manifest } from './manifest.ts';
import { Rig, until } from './rig.ts';

const shop = 'default/shop';
const quick = ['{ weight: 20, duration: 500ms }', '{ weight: 50, duration: 500ms }'];
const slow = ['{ weight: 10, duration: 10m }', '{ weight: 50, duration: 10m }'];

async function serving(rig: Rig, steps: readonly string[]): Promise<void> {
  await rig.up(rig.write('sluice.yaml', manifest({ port: rig.port, steps })));
  await rig.ok('wait', 'shop', '--timeout', '30s');
}

const json = async (rig: Rig, ...args: readonly string[]): Promise<unknown> =>
  JSON.parse(await rig.ok(...args, '-o', 'json'));

async function atWeight(rig: Rig, weightPercent: number): Promise<void> {
  await rig.ok('wait', 'shop', '--for', `weight=${weightPercent}`, '--timeout', '30s');
}

describe.concurrent('commands', () => {
  test('without an engine', async () => {
    await using rig = await Rig.create();
    expect(await rig.ok('version')).toMatch(/^sluice \d+\.\d+\.\d+$/);
    expect(await json(rig, 'version')).toMatchObject({ schema: 'sluice.dev/view/v1', kind: 'Version' });
    expect((await rig.sluice()).stdout).toContain('Usage: sluice');

    const init = await rig.sluice('init');
    expect(init).toMatchObject({ exit: 0, stdout: `${join(rig.folder, 'sluice.yaml')}\n` });
    expect(await rig.sluice('init')).toMatchObject({ exit: 2, stdout: '' });
    expect(await rig.sluice('lint', 'sluice.yaml')).toMatchObject({ exit: 0 });

    const plan = (await json(rig, 'plan', 'sluice.yaml', '--rps', '50')) as {
      readonly plans: readonly unknown[];
    };
    expect(plan.plans).toHaveLength(1);
    expect(await rig.ok('plan', 'sluice.yaml', '--rps', '50')).toContain('25 %');

    const seed = readFileSync(
      join(import.meta.dirname, '../../src/resource/fixtures/seed/canary.yaml'),
      'utf8',
    );
    rig.write('canary.yaml', seed);
    const converted = await rig.sluice('convert', 'canary.yaml', '--steps', '10:5m,25:10m,50:15m');
    expect(converted.exit).toBe(0);
    expect(parse(converted.stdout.split('\n---\n')[0] ?? '')).toMatchObject({
      apiVersion: 'sluice.dev/v1alpha1',
      spec: { analysis: { steps: [{ weight: 10 }, { weight: 25 }, { weight: 50 }] } },
    });
    rig.write('converted.yaml', converted.stdout);
    expect(await rig.sluice('lint', 'converted.yaml')).toMatchObject({ exit: 0 });
    expect((await rig.sluice('lint', '--fix', 'canary.yaml')).exit).toBe(0);
    expect(readFileSync(join(rig.folder, 'canary.yaml'), 'utf8')).not.toContain('rollbackOnFailure');

    for (const shell of ['bash', 'zsh', 'fish'])
      expect(await rig.ok('completion', shell)).toContain('sluice');
    expect((await rig.sluice('completion', 'tcsh')).exit).toBe(2);
    expect((await rig.sluice('promte', 'shop')).stderr).toContain('promote');
    expect((await rig.sluice('deploy')).exit).toBe(2);
    for (const online of [['list'], ['get', 'shop'], ['why', 'shop'], ['down'], ['promote', 'shop']]) {
      const run = await rig.sluice(...online);
      expect(run).toMatchObject({ exit: 10, stdout: '' });
      expect(run.stderr).toContain('code unreachable, exit 10');
    }
    expect((await rig.sluice('doctor')).stdout).toContain('no engine runs');
  });

  test('of a service', async () => {
    await using rig = await Rig.create();
    await serving(rig, quick);
    expect(await rig.ok('list', '-o', 'name')).toBe(shop);
    expect(await json(rig, 'list')).toMatchObject({ kind: 'ServiceList', services: [{ key: shop }] });
    expect(parse(await rig.ok('list', '-o', 'yaml'))).toMatchObject({ kind: 'ServiceList' });
    expect(JSON.parse(await rig.ok('list', '-o', 'jsonl'))).toMatchObject({ key: shop });
    expect(await rig.ok('list', '-o', 'wide')).toContain(shop);
    expect(await rig.ok('list')).not.toContain('\u001b');
    expect(await json(rig, 'get', 'shop')).toMatchObject({
      kind: 'Service',
      service: { phase: 'Initialized' },
    });
    // As applied, but that what was relative is told: another folder could not mean the same.
    const source = (await rig.ok('get', 'shop', '--source'))
      .split('---\n')
      .map((text): unknown => parse(text));
    expect(source).toMatchObject([
      { kind: 'Canary', metadata: { name: 'shop' } },
      { kind: 'Process', spec: { env: { VERSION: 'v1' }, workingDir: rig.folder } },
    ]);
    expect(await rig.sluice('get', 'shoe')).toMatchObject({ exit: 8 });
    expect((await rig.sluice('get', 'shoe')).stderr).toContain('shop');
    expect(await rig.ok('why', 'shop')).toContain('shop');
    expect(await rig.ok('logs', 'shop', '--lines', '5')).toContain('v1 starts');
    expect((await rig.sluice('doctor')).exit).toBe(0);
    expect(await rig.ok('plan', 'shop')).toContain('20 %');

    // A dry run and an apply without a change change nothing.
    rig.write('changed.yaml', manifest({ port: rig.port, steps: quick, env: { VERSION: 'v9' } }));
    await rig.ok('apply', '--dry-run', '-f', 'changed.yaml');
    expect(await rig.ok('apply', '-f', 'sluice.yaml')).toContain('unchanged');
    expect(await rig.get()).toBe('v1');

    const load = await rig.sluice('load', '-n', '20', '-c', '2', rig.url);
    expect(load).toMatchObject({ exit: 0, stdout: expect.stringContaining('20 requests') as string });
    expect((await rig.sluice('load', '-n', '1', '-c', '1', 'http://127.0.0.1:1/')).exit).toBe(1);
    expect((await rig.sluice('load', '-n', 'many', rig.url)).exit).toBe(2);

    expect((await rig.sluice('delete', 'shop')).exit).toBe(2);
    expect(await rig.get()).toBe('v1');
    await rig.ok('delete', 'shop', '--yes');
    await until('its end', async () => (await rig.ok('list', '-o', 'name')) === '');
    await expect(rig.get()).rejects.toThrow();
    expect((await rig.sluice('get', 'shop')).exit).toBe(8);
  });

  test('disabled, a change goes out at once; enabled, in steps again', async () => {
    await using rig = await Rig.create();
    await serving(rig, slow);
    await rig.ok('disable', 'shop');
    expect((await rig.service(shop)).disabled).toBe(true);
    const plain = await rig.ok('deploy', 'shop', '--set', 'env.VERSION=v2');
    await until('v2', async () => (await rig.get()) === 'v2');
    await rig.serviceUntil(shop, 'v2 as promoted', ({ promoted }) => promoted?.revision === plain);
    await rig.ok('enable', 'shop');
    await rig.ok('deploy', 'shop', '--set', 'env.VERSION=v3');
    await atWeight(rig, 10);
    expect((await rig.service(shop)).rollout).toMatchObject({ state: 'Holding', outcome: null });
  });
});

describe.concurrent('a rollout', () => {
  test('deploy --wait, watch, wait and history agree on how it ended', async () => {
    await using rig = await Rig.create();
    await serving(rig, quick);
    rig.load(100);
    const watch = rig.start(['watch', 'shop']);
    const stream = rig.start(['watch', '-o', 'jsonl']);
    await until('the stream', () => stream.stdout() !== '');
    const good = await rig.sluice('deploy', 'shop', '--set', 'env.VERSION=v2', '--wait');
    expect(good).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^[0-9a-f]{10}\n$/) as string });
    expect(good.stderr).toContain('20 %');
    expect((await watch.ended).exit).toBe(0);
    stream.child.kill('SIGINT');
    expect((await stream.ended).exit).toBe(130);
    for (const line of stream.stdout().trimEnd().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ schema: 'sluice.dev/view/v1', kind: 'Watch' });
    const bad = await rig.sluice(
      'deploy',
      'shop',
      '--set',
      'env.VERSION=v3',
      'env.FAIL=1',
      '--wait',
      '-o',
      'json',
    );
    expect(bad.exit).toBe(3);
    const ended = JSON.parse(bad.stdout) as {
      readonly rollout: { readonly revision: { readonly revision: string } };
    };
    expect(ended).toMatchObject({ kind: 'Wait', exit: 3, outcome: 'rolledBack' });
    const { revision } = ended.rollout.revision;
    expect((await rig.sluice('wait', 'shop', '--revision', good.stdout.trim())).exit).toBe(0);
    expect((await rig.sluice('wait', 'shop', '--revision', revision)).exit).toBe(3);
    expect(await rig.ok('why', 'shop')).toContain('RolledBack');
    const history = (await json(rig, 'history', 'shop')) as {
      readonly rollouts: readonly { readonly outcome: string }[];
    };
    expect(history.rollouts.map(({ outcome }) => outcome)).toEqual(['RolledBack', 'Promoted', 'Promoted']);
    expect((await rig.ok('history', 'shop', '-o', 'name')).split('\n')).toHaveLength(3);
    expect(await rig.ok('history', 'shop', '--events', '--limit', '1000')).toContain('20 %');
    const retried = await rig.ok('retry', 'shop', '-o', 'name');
    expect(retried).toMatch(new RegExp(`-${revision}-2$`));
    expect(await rig.ended(shop, revision)).toMatchObject({
      name: retried,
      outcome: 'RolledBack',
      attempt: 2,
    });
  });

  test('a person moves it on: pause, resume, advance, promote', async () => {
    await using rig = await Rig.create();
    await serving(rig, slow);
    rig.load(60);
    const revision = await rig.ok('deploy', 'shop', '--set', 'env.VERSION=v2');
    expect((await rig.sluice('wait', 'shop', '--for', 'started')).exit).toBe(0);
    await atWeight(rig, 10);
    const late = await rig.sluice('wait', 'shop', '--timeout', '300ms');
    expect(late.exit).toBe(5);
    expect(late.stdout).toContain('the rollout goes on');
    const interrupted = rig.start(['wait', 'shop']);
    await until('the wait', () => interrupted.stderr() !== '');
    interrupted.child.kill('SIGINT');
    expect((await interrupted.ended).exit).toBe(130);
    await rig.ok('pause', 'shop', '--reason', 'lunch');
    await rig.serviceUntil(shop, 'the pause', ({ rollout }) => rollout?.state === 'Paused');
    const why = await rig.ok('why', 'shop');
    expect(why).toContain('lunch');
    expect(await rig.get()).toMatch(/v[12]/);
    await rig.ok('resume', 'shop');
    await rig.serviceUntil(shop, 'the hold', ({ rollout }) => rollout?.state === 'Holding');
    expect((await rig.sluice('resume', 'shop')).exit).toBe(2);
    await rig.ok('advance', 'shop');
    await atWeight(rig, 50);
    await rig.ok('promote', 'shop', '-r', 'seen enough');
    const rollout = await rig.ended(shop, revision);
    expect(rollout).toMatchObject({ outcome: 'Promoted', weightsInForce: [10, 50, 100] });
    expect(await rig.ok('history', 'shop', '--events', '--limit', '1000')).toContain('tester');
    expect((await rig.sluice('promote', 'shop')).exit).toBe(2);
  });

  test('rollback on the way, and after the promotion', async () => {
    await using rig = await Rig.create();
    await serving(rig, slow);
    rig.load(60);
    const revision = await rig.ok('deploy', 'shop', '--set', 'env.VERSION=v2');
    await atWeight(rig, 10);
    const waiting = rig.start(['wait', 'shop', '--revision', revision]);
    await rig.ok('rollback', 'shop');
    expect((await waiting.ended).exit).toBe(4);
    expect(await rig.get()).toBe('v1');
    await rig.ok('retry', 'shop');
    await rig.serviceUntil(shop, 'the second attempt', ({ rollout }) => rollout?.attempt === 2);
    await atWeight(rig, 10);
    await rig.ok('promote', 'shop');
    expect((await rig.ended(shop, revision)).outcome).toBe('Promoted');
    expect(await rig.get()).toBe('v2');
    const back = await rig.ok('rollback', 'shop', '-o', 'name');
    await until('v1', async () => (await rig.get()) === 'v1');
    const { rollout } = await rig.serviceUntil(
      shop,
      'the way back',
      (service) => service.rollout?.name === back && service.rollout.outcome !== null,
    );
    expect(rollout).toMatchObject({ outcome: 'Promoted' });
    expect((await rig.service(shop)).promoted?.revision).not.toBe(revision);
  });

  test('an approval: asked for, refused, given; and a newer revision takes the place', async () => {
    await using rig = await Rig.create();
    await serving(rig, ['{ weight: 10, duration: 500ms, approval: true }', '{ weight: 50, duration: 10m }']);
    rig.load(100);
    const first = await rig.sluice(
      'deploy',
      'shop',
      '--set',
      'env.VERSION=v2',
      '--wait',
      '--no-wait-for-approval',
    );
    expect(first.exit).toBe(6);
    expect((await rig.sluice('wait', 'shop', '--for', 'approval')).exit).toBe(0);
    const waiting = rig.start(['wait', 'shop']);
    await rig.ok('reject', 'shop', '--reason', 'not today');
    expect((await waiting.ended).exit).toBe(4);
    expect((await rig.sluice('approve', 'shop')).exit).toBe(2);
    const second = await rig.ok('deploy', 'shop', '--set', 'env.VERSION=v3');
    expect((await rig.sluice('wait', 'shop', '--revision', second, '--for', 'approval')).exit).toBe(0);
    await rig.ok('approve', 'shop');
    await atWeight(rig, 50);
    const superseded = rig.start(['wait', 'shop', '--revision', second]);
    await until('the wait', () => superseded.stderr() !== '');
    await rig.ok('deploy', 'shop', '--set', 'env.VERSION=v4');
    expect((await superseded.ended).exit).toBe(7);
    const unseen = ['wait', 'shop', '--revision', 'ffffffffff', '--observe-timeout', '300ms'];
    expect((await rig.sluice(...unseen)).exit).toBe(8);
  });
});

test('audit: an export verifies, and a changed one does not', async () => {
  await using rig = await Rig.create();
  await serving(rig, quick);
  const text = await rig.ok('audit', 'export');
  const file = rig.write('audit.jsonl', `${text}\n`);
  expect(await rig.ok('audit', 'verify', file)).toContain('whole and unchanged');
  writeFileSync(file, text.replace('tester', 'nobody'));
  const broken = await rig.sluice('audit', 'verify', file);
  expect(broken.exit).toBe(1);
  expect(broken.stderr).toContain('code audit-broken');
  writeFileSync(file, text.split('\n').toSpliced(1, 1).join('\n'));
  expect((await rig.sluice('audit', 'verify', file)).exit).toBe(1);
});
