import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { appTemplate, identity, PlatformRig, serviceKey, until } from './testing/platform-rig.ts';
import { Load } from './testing/load.ts';

let rig: PlatformRig;
afterEach(() => rig.end());

const v1 = appTemplate({ VERSION: 'v1' });
const v2 = appTemplate({ VERSION: 'v2' });

test('a release from start to end under load: no request fails, and nothing is left behind', async () => {
  rig = await PlatformRig.start(2);
  await rig.setArm('stable', 'r1', 2, v1);
  await rig.available('stable', 2);
  const load = new Load(rig.port);
  await rig.setArm('canary', 'r2', 1, v2);
  await rig.available('canary', 1);
  expect(load.answers.has('v2')).toBe(false);
  const usage = await rig.platform.usage(serviceKey);
  expect(usage.map(({ arm }) => arm)).toEqual(['stable', 'stable', 'canary']);
  for (const { memoryBytes } of usage) expect(memoryBytes).toBeGreaterThan(10e6);
  await rig.setRoute({ kind: 'weight', weightPercent: 50 });
  expect(await rig.observe()).toMatchObject({
    route: { routing: { kind: 'weight', weightPercent: 50 }, inForce: true, evidence: 'programmed' },
  });
  await until('answers of v2', () => (load.answers.get('v2') ?? 0) > 20);
  // Stable is rolled under the canary's share, then the canary goes.
  await rig.setArm('stable', 'r2', 2, v2);
  await rig.available('stable', 2);
  await rig.setRoute({ kind: 'weight', weightPercent: 0 });
  await rig.setArm('canary', 'r2', 0, v2);
  await until('the end of the canary', () => rig.platform.replicas(serviceKey).length === 2);
  await rig.setArm('stable', 'r2', 1, v2);
  await until('one replica', () => rig.platform.replicas(serviceKey).length === 1);
  await rig.platform.reloadWorkers();
  await load.stop();
  expect(load.failures).toEqual([]);
  await rig.platform.shutdown();
  expect(rig.livingProcesses()).toEqual([]);
});

test('rollback: weight 0 with its tombstone is in force when it resolves, and no write of that rollout undoes it', async () => {
  rig = await PlatformRig.start(2);
  await rig.setArm('stable', 'r1', 1, v1);
  await rig.setArm('canary', 'r2', 1, v2);
  await rig.available('canary', 1);
  await rig.available('stable', 1);
  await rig.setRoute({ kind: 'weight', weightPercent: 100 });
  expect(await rig.get()).toMatch('v2');
  await rig.platform.lowerToZero(serviceKey, identity);
  for (let count = 0; count < 20; count += 1) expect(await rig.get()).toMatch('v1');
  expect((await rig.observe()).route).toEqual({
    routing: { kind: 'weight', weightPercent: 0 },
    tombstone: 'uid-1',
    inForce: true,
    evidence: 'programmed',
    foreignWriter: null,
  });
  await expect(rig.setRoute({ kind: 'weight', weightPercent: 10 })).rejects.toMatchObject({
    code: 'conflict',
  });
  // Also after the memory of this process is gone.
  await rig.restartEngine();
  await expect(rig.setRoute({ kind: 'weight', weightPercent: 10 })).rejects.toMatchObject({
    code: 'conflict',
  });
  expect(await rig.get()).toMatch('v1');
});

test('a rollback is not held up by a worker that hangs: it is ended, and its successor serves stable only', async () => {
  rig = await PlatformRig.start(2);
  await rig.setArm('stable', 'r1', 1, v1);
  await rig.setArm('canary', 'r2', 1, v2);
  await rig.available('canary', 1);
  await rig.available('stable', 1);
  await rig.setRoute({ kind: 'weight', weightPercent: 100 });
  const hung = rig.platform.workers()[0];
  process.kill(hung?.pid ?? 0, 'SIGSTOP');
  await rig.platform.lowerToZero(serviceKey, identity);
  for (let count = 0; count < 20; count += 1) expect(await rig.get()).toMatch('v1');
  await until(
    'a new worker',
    () => rig.platform.workers().filter((worker) => worker.state === 'serving').length === 2,
  );
  expect(rig.platform.workers().map((worker) => worker.id)).not.toContain(hung?.id);
  expect((await rig.observe()).route).toMatchObject({ tombstone: 'uid-1', inForce: true });
});

test('an engine that is started anew finds route, arms and names as they are, and no request noticed', async () => {
  rig = await PlatformRig.start(1);
  await rig.setArm('stable', 'r1', 1, v1);
  await rig.setArm('canary', 'r2', 1, v2);
  await rig.available('canary', 1);
  await rig.available('stable', 1);
  await rig.setRoute({ kind: 'weight', weightPercent: 25 });
  const before = await rig.observe();
  const names = rig.platform.names();
  const load = new Load(rig.port, 2);
  await rig.restartEngine();
  expect(await rig.observe()).toEqual({ ...before, stable: expect.anything(), canary: expect.anything() });
  expect(rig.platform.names()).toEqual(names);
  await rig.setRoute({ kind: 'weight', weightPercent: 50 });
  expect((await rig.observe()).route).toMatchObject({ routing: { weightPercent: 50 }, inForce: true });
  await load.stop();
  expect(load.failures).toEqual([]);
});

test('names reach one arm whatever the weight is', async () => {
  rig = await PlatformRig.start(1);
  await rig.setArm('stable', 'r1', 1, v1);
  await rig.setArm('canary', 'r2', 1, v2);
  await rig.available('canary', 1);
  await rig.available('stable', 1);
  const names = rig.platform.names();
  expect(Object.keys(names).toSorted()).toEqual([
    'shop',
    'shop-canary',
    'shop-canary.default',
    'shop-primary',
    'shop-primary.default',
    'shop.default',
  ]);
  const portOf = (name: string): number => Number(names[name]?.split(':')[1]);
  expect(await rig.get('/', portOf('shop-canary'))).toMatch('v2');
  expect(await rig.get('/', portOf('shop-primary'))).toMatch('v1');
});

test('a floor keeps stable up, and recreate ends the old before it starts the new', async () => {
  rig = await PlatformRig.start(1);
  await rig.setArm('stable', 'r1', 2, v1);
  await rig.available('stable', 2);
  await rig.platform.act(serviceKey, { kind: 'setFloor', id: 'floor', replicas: 2 }, identity);
  await rig.setArm('stable', 'r1', 1, v1);
  await until('the smaller size to be told', async () => (await rig.observe()).stable.replicas === 1);
  await delay(200);
  expect((await rig.observe()).stable).toMatchObject({ replicas: 1, floor: 2, available: 2 });
  await rig.platform.act(serviceKey, { kind: 'setFloor', id: 'floor', replicas: 0 }, identity);
  await until('one replica', () => rig.platform.replicas(serviceKey).length === 1);
  const seen = new Set<string>();
  const unwatch = rig.platform.watch(() => {
    seen.add(
      rig.platform
        .replicas(serviceKey)
        .map((replica) => replica.revision)
        .toSorted()
        .join(),
    );
  });
  await rig.setArm('stable', 'r2', 1, v2, {
    kind: 'recreate',
    maxSurge: 0,
    maxUnavailable: 0,
    minReadySeconds: 0,
  });
  await rig.available('stable', 1);
  unwatch();
  expect([...seen].toSorted()).toEqual(['r1', 'r2']);
});

test('a port that is in use is refused with its code, and the service stays where it was', async () => {
  rig = await PlatformRig.start(1);
  await rig.setArm('stable', 'r1', 1, v1);
  await rig.available('stable', 1);
  const taken = Number(rig.platform.names()['shop-canary']?.split(':')[1]);
  const refused = rig.platform.ensureService(serviceKey, rig.spec({ port: taken }));
  await expect(refused).rejects.toMatchObject({ code: 'port-in-use' });
  expect(await rig.get()).toMatch('v1');
});

test('a service that is removed frees its port and ends its processes', async () => {
  rig = await PlatformRig.start(1);
  await rig.setArm('stable', 'r1', 1, v1);
  await rig.available('stable', 1);
  const before = rig.livingProcesses().length;
  await rig.platform.removeService(serviceKey);
  expect(rig.livingProcesses()).toHaveLength(before - 1);
  await until('a free port', () =>
    rig.get().then(
      () => false,
      () => true,
    ),
  );
  await rig.platform.ensureService(serviceKey, rig.spec());
});
