import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { Load } from '../testing/load.ts';
import { appTemplate, isRunning, PlatformRig, serviceKey, until } from '../testing/platform-rig.ts';
import { bootId } from '../process/identity.ts';
import { keeperPaths } from './paths.ts';
import type { KeeperState } from './state-file.ts';

let rig: PlatformRig;
afterEach(() => rig.end());

const v1 = appTemplate({ VERSION: 'v1' });
const v2 = appTemplate({ VERSION: 'v2' });

async function twoArms(workers: number): Promise<void> {
  rig = await PlatformRig.start(workers);
  await rig.setArm('stable', 'r1', 1, v1);
  await rig.setArm('canary', 'r2', 1, v2);
  await rig.available('stable', 1);
  await rig.available('canary', 1);
}

const applicationPids = (): readonly (number | null)[] =>
  rig.platform.replicas(serviceKey).map((replica) => replica.pid);
const workerIds = (): readonly string[] => rig.platform.workers().map((worker) => worker.id);

async function newKeeper(before: number, workers: number): Promise<void> {
  await until('a new keeper', () => rig.keeperPid !== before && isRunning(rig.keeperPid));
  const old = new Set(workerIds());
  await until('new workers alone', () => workerIds().every((id) => !old.has(id)));
  await rig.serving(workers);
}

test('kill -9 of the keeper: no request fails, applications stay, weights stay, and a new keeper goes on with all of it', async () => {
  await twoArms(2);
  await rig.setRoute({ kind: 'weight', weightPercent: 50 });
  const pids = applicationPids();
  const load = new Load(rig.port);
  const before = rig.keeperPid;
  process.kill(before, 'SIGKILL');
  await newKeeper(before, 2);
  expect(applicationPids()).toEqual(pids);
  expect((await rig.observe()).route).toMatchObject({ routing: { weightPercent: 50 }, inForce: true });
  // It supervises what it adopted: a process that is ended is started anew, another revision is rolled.
  process.kill(pids[0] ?? 0, 'SIGKILL');
  await until('another process', () => isNewProcess(pids));
  await rig.available('stable', 1);
  await rig.setArm('stable', 'r2', 1, v2);
  await rig.available('stable', 1);
  await load.stop();
  // Only what was in flight in the application that was killed.
  expect(load.failures.length).toBeLessThanOrEqual(4);
  await rig.platform.shutdown();
  expect(rig.livingProcesses()).toEqual([]);
});

function isNewProcess(pids: readonly (number | null)[]): boolean {
  const [stable] = rig.platform.replicas(serviceKey);
  return stable !== undefined && stable.pid !== null && !pids.includes(stable.pid);
}

test('kill -9 of the keeper without any engine: workers start a new one by themselves, and no request fails', async () => {
  await twoArms(2);
  rig.platform.close();
  const load = new Load(rig.port);
  for (let round = 0; round < 2; round += 1) {
    const before = rig.keeperPid;
    process.kill(before, 'SIGKILL');
    await until('a new keeper', () => rig.keeperPid !== before && isRunning(rig.keeperPid));
    await until(
      'its workers',
      () =>
        stateFile().workers.length === 2 &&
        stateFile().workers.every((worker) => isRunning(worker.identity.pid)),
    );
    await delay(200);
  }
  await load.stop();
  expect(load.failures).toEqual([]);
  await rig.restartEngine();
  await rig.available('stable', 1);
});

test('kill -9 of keeper and workers: applications stay and are served again', async () => {
  await twoArms(2);
  const pids = applicationPids();
  const workers = rig.platform.workers();
  const before = rig.keeperPid;
  process.kill(before, 'SIGKILL');
  for (const worker of workers) process.kill(worker.pid, 'SIGKILL');
  await newKeeper(before, 2);
  expect(await rig.get()).toMatch('v1');
  expect(applicationPids()).toEqual(pids);
});

test('kill -9 of one worker loses at most what was in flight in it, and its successor knows the routes', async () => {
  await twoArms(2);
  await rig.setRoute({ kind: 'weight', weightPercent: 100 });
  const load = new Load(rig.port, 8);
  await until('some requests', () => load.requests > 100);
  const [victim] = rig.platform.workers();
  process.kill(victim?.pid ?? 0, 'SIGKILL');
  await until(
    'another worker',
    () =>
      !workerIds().includes(victim?.id ?? '') &&
      rig.platform.workers().filter((worker) => worker.state === 'serving').length === 2,
  );
  await load.stop();
  expect(load.failures.length).toBeLessThanOrEqual(8);
  expect(load.answers.has('v1')).toBe(false);
  expect((await rig.observe()).route).toMatchObject({ routing: { weightPercent: 100 }, inForce: true });
});

test('after a reboot the settled revision of stable starts, and no canary', async () => {
  await twoArms(1);
  await rig.setArm('canary', 'r2', 0, v2);
  await until('no canary', async () => (await rig.observe()).canary.ready === 0);
  await until('it is written down', () => stateFile().services[0]?.settledRevision === 'r1');
  // A promotion is under way: stable rolls to r2 while the canary has its share.
  await rig.setArm('canary', 'r2', 1, v2);
  await rig.available('canary', 1);
  await rig.setArm('stable', 'r2', 1, v2);
  await rig.available('stable', 1);
  await until('it is written down', () => stateFile().services[0]?.arms.stable?.revision === 'r2');
  const { bootId: earlier } = rig.platform;
  reboot();
  await rig.restartEngine();
  expect(rig.platform.bootId).not.toBe(earlier);
  await rig.available('stable', 1);
  await rig.serving(1);
  const seen = await rig.observe();
  expect(seen.stable.revision).toBe('r1');
  expect(seen.canary).toMatchObject({ revision: null, replicas: 0, ready: 0 });
  expect(seen.route).toMatchObject({ routing: { weightPercent: 0 }, inForce: true });
  expect(await rig.get()).toMatch('v1');
});

/** All processes are gone at once, and what is written down names a boot that is over. */
function reboot(): void {
  rig.platform.close();
  const workers = rig.platform.workers();
  process.kill(rig.keeperPid, 'SIGKILL');
  for (const worker of workers) process.kill(worker.pid, 'SIGKILL');
  for (const pid of rig.livingProcesses()) process.kill(pid, 'SIGKILL');
  const path = keeperPaths(rig.stateDir).stateFile;
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(bootId(), 'another-boot'));
}

function stateFile(): KeeperState {
  return JSON.parse(readFileSync(keeperPaths(rig.stateDir).stateFile, 'utf8')) as KeeperState;
}

test('a process that was started in the instant before the death of the keeper, and that no file knows, is ended', async () => {
  await twoArms(1);
  const before = rig.keeperPid;
  const path = keeperPaths(rig.stateDir).stateFile;
  process.kill(before, 'SIGSTOP');
  const state = stateFile();
  const [service] = state.services;
  const forgotten = service?.replicas.find((replica) => replica.arm === 'canary');
  const services = [{ ...service, replicas: service?.replicas.filter((replica) => replica !== forgotten) }];
  writeFileSync(path, JSON.stringify({ ...state, services }));
  process.kill(before, 'SIGKILL');
  await until('its end', () => !isRunning(forgotten?.identity?.pid ?? 0));
  await until('a replacement', async () => {
    const list = rig.platform.replicas(serviceKey);
    return list.some(
      (replica) => replica.arm === 'canary' && replica.pid !== forgotten?.identity?.pid && replica.ready,
    );
  });
});

test('SIGTERM to the keeper stops everything in good order', async () => {
  await twoArms(1);
  rig.platform.close();
  const before = rig.keeperPid;
  process.kill(before, 'SIGTERM');
  await until('its end', () => !isRunning(before));
  expect(rig.livingProcesses()).toEqual([]);
});
