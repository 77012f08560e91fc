import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { keeperPaths } from '../../src/platform/local/keeper/paths.ts';
import { bootId } from '../../src/platform/local/process/identity.ts';
import type { ServiceView } from '../../src/resource/view.ts';
import { manifest } from './manifest.ts';
import { isRunning, kill, Rig, until } from './rig.ts';

const shop = 'default/shop';
const long = ['{ weight: 10, duration: 4s }', '{ weight: 50, duration: 2s }'];

/** Up, with v1 promoted. */
async function serving(rig: Rig, steps: readonly string[] = long): Promise<void> {
  await rig.up(rig.write('shop.yaml', manifest({ port: rig.port, steps })));
  await rig.ok('wait', 'shop', '--timeout', '30s');
}

async function deploy(rig: Rig, version: string): Promise<string> {
  return (await rig.client.deploy(shop, { set: { env: { VERSION: version } } })).revision;
}

async function weightInForce(rig: Rig, weightPercent: number): Promise<void> {
  await rig.serviceUntil(shop, `${weightPercent} %`, ({ rollout }) =>
    (rollout?.weightsInForce ?? []).includes(weightPercent),
  );
}

function placeOf({ rollout }: ServiceView): string {
  return `${rollout?.state} ${rollout?.step}`;
}

/** Ends the process without a word and waits until it is gone. */
async function killed(pid: number): Promise<void> {
  kill(pid);
  await until(`the end of ${pid}`, () => !isRunning(pid));
}

/** From the entry into a step's hold to the leaving of it, by the record. */
async function stepLengths(rig: Rig): Promise<readonly number[]> {
  const { events } = await rig.client.events({ key: shop, after: 0, limit: 1_000 });
  const changes = events
    .filter(({ kind }) => kind === 'transition')
    .map(({ atMs, data }) => ({ atMs, ...(data as { readonly from: string; readonly to: string }) }));
  const held = changes.filter(({ from, to }) => (from === 'Holding') !== (to === 'Holding'));
  return held.flatMap(({ atMs, from }, index) =>
    from === 'Holding' ? [atMs - (held[index - 1]?.atMs ?? Number.NaN)] : [],
  );
}

describe.concurrent('traffic outlives', () => {
  test('an engine killed in the midst of a step, which is as long as it was to be', async () => {
    await using rig = await Rig.create();
    await serving(rig);
    const load = rig.load(100);
    const { keeperPid, enginePid } = rig;
    const revision = await deploy(rig, 'v2');
    await weightInForce(rig, 10);
    await killed(enginePid);
    const killedMs = performance.now();
    await rig.up();
    const awayMs = performance.now() - killedMs;
    const rollout = await rig.ended(shop, revision);
    expect(rollout).toMatchObject({ outcome: 'Promoted', weightsInForce: [10, 50, 100] });
    const [first = 0, second = 0] = await stepLengths(rig);
    // The time without an engine is not judged, so it lengthens the step by as much.
    expect(first).toBeGreaterThanOrEqual(4_000);
    expect(first).toBeLessThan(4_000 + awayMs + 5_000);
    expect(second).toBeGreaterThanOrEqual(2_000);
    const report = await load.stop();
    expect(report).toMatchObject({ failed: 0, byStatus: { 200: report.requests } });
    expect(rig.keeperPid).toBe(keeperPid);
  });

  test('an engine killed wherever it is, again and again', async () => {
    await using rig = await Rig.create();
    await serving(rig, ['{ weight: 20, duration: 1s }', '{ weight: 50, duration: 1s }']);
    const load = rig.load(100);
    const revision = await deploy(rig, 'v2');
    const killedIn: string[] = [];
    for (;;) {
      const { rollout } = await rig.serviceUntil(
        shop,
        'a state in which it was not killed yet',
        (service) => service.rollout?.revision.revision === revision && !killedIn.includes(placeOf(service)),
      );
      if (rollout?.outcome !== null) break;
      killedIn.push(placeOf(await rig.service(shop)));
      await killed(rig.enginePid);
      await rig.up();
    }
    expect(killedIn.length).toBeGreaterThanOrEqual(3);
    const rollout = await rig.ended(shop, revision);
    expect(rollout).toMatchObject({ outcome: 'Promoted', weightsInForce: [20, 50, 100] });
    const report = await load.stop();
    expect(report).toMatchObject({ failed: 0, byStatus: { 200: report.requests } });
    expect(await rig.get()).toBe('v2');
  });

  test('an engine killed after it decided to roll back', async () => {
    await using rig = await Rig.create();
    await serving(rig);
    const load = rig.load(100);
    const set = { env: { VERSION: 'v2', FAIL: '1' } };
    const { revision } = await rig.client.deploy(shop, { set });
    await rig.serviceUntil(
      shop,
      'the rollback',
      ({ rollout }) => rollout?.state === 'RollingBack' || rollout?.outcome === 'RolledBack',
    );
    await killed(rig.enginePid);
    await rig.up();
    const rollout = await rig.ended(shop, revision);
    expect(rollout).toMatchObject({ outcome: 'RolledBack', weightsInForce: [10] });
    const report = await load.stop();
    expect(report.failed).toBe(0);
    expect(report.byStatus['500']).toBe(load.byVersion.get('v2'));
    expect(await rig.get()).toBe('v1');
  });

  test('a killed keeper: another takes its place, and up adopts what runs', async () => {
    await using rig = await Rig.create();
    await serving(rig);
    const load = rig.load(100);
    const { keeperPid } = rig;
    const [stable = 0] = (await rig.service(shop)).arms.map(({ restarts }) => restarts);
    await killed(keeperPid);
    await until('another keeper', () => rig.keeperPid !== keeperPid && isRunning(rig.keeperPid));
    const promoted = await rig.ended(shop, await deploy(rig, 'v2'));
    expect(promoted.outcome).toBe('Promoted');
    const second = rig.keeperPid;
    await killed(rig.enginePid);
    await killed(second);
    await rig.up();
    const again = await rig.ended(shop, await deploy(rig, 'v3'));
    expect(again.outcome).toBe('Promoted');
    const { arms } = await rig.service(shop);
    expect(arms.find(({ arm }) => arm === 'stable')).toMatchObject({ ready: 1, restarts: stable });
    const report = await load.stop();
    expect(report).toMatchObject({ failed: 0, byStatus: { 200: report.requests } });
  });

  test('SIGTERM of the engine; down then ends the rest', async () => {
    await using rig = await Rig.create();
    await serving(rig);
    const load = rig.load(100);
    const { enginePid } = rig;
    kill(enginePid, 'SIGTERM');
    await until('the end of the engine', () => !isRunning(enginePid));
    expect((await rig.sluice('list')).exit).toBe(10);
    expect(await rig.get()).toBe('v1');
    await rig.up();
    expect(await rig.get()).toBe('v1');
    expect(await load.stop()).toMatchObject({ failed: 0 });
    expect(await rig.ok('down', '--engine-only')).toBe('the engine is stopped; traffic is served on');
    expect(await rig.get()).toBe('v1');
    expect(await rig.ok('down')).toBe('stopped what an ended engine had left running');
    expect(rig.processes()).toEqual([]);
    expect((await rig.sluice('down')).exit).toBe(10);
  });
});

describe('a reboot', () => {
  /** What a power cut leaves: no process, and files that name an earlier boot. */
  async function powerCut(rig: Rig): Promise<void> {
    // Again until none is left: a worker that outlives its keeper starts another.
    await until('the end of all processes', () => {
      const pids = rig.processes();
      for (const pid of pids) kill(pid);
      return pids.length === 0;
    });
    const paths = keeperPaths(rig.state);
    for (const path of [paths.stateFile, paths.lockFile])
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(bootId(), 'an-earlier-boot'));
    const database = new DatabaseSync(join(rig.state, 'state.db'));
    database.exec(`update rollouts set body = replace(body, '${bootId()}', 'an-earlier-boot')`);
    database.close();
  }

  test('starts what was promoted, and ends the run that was under way at weight 0', async () => {
    await using rig = await Rig.create();
    await serving(rig);
    const revision = await deploy(rig, 'v2');
    await weightInForce(rig, 10);
    await powerCut(rig);
    await expect(rig.get()).rejects.toThrow();
    await rig.up();
    const rollout = await rig.ended(shop, revision);
    expect(rollout).toMatchObject({ outcome: 'Failed', reason: 'rebooted' });
    expect(rollout.traffic).toMatchObject({
      actual: { kind: 'weight', weightPercent: 0 },
      inForce: true,
      tombstone: true,
    });
    await until('v1', async () => (await rig.get().catch(() => '')) === 'v1');
    const { promoted, arms } = await rig.service(shop);
    expect(promoted?.revision).not.toBe(revision);
    expect(arms.find(({ arm }) => arm === 'canary')).toMatchObject({ replicas: 0 });
  });
});
