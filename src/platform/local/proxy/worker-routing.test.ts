import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  ask,
  type Backend,
  backend,
  deadEndpoint,
  get,
  named,
  RawClient,
  Rig,
  serviceKey,
  stableRoute,
  until,
} from './testing/rig.ts';

let rig: Rig;
let stable: Backend;
let canary: Backend;

beforeAll(async () => {
  rig = await Rig.start({
    front: {
      assignBy: { source: 'header', name: 'x-user' },
      stickyCookie: { name: 'sluice', maxAgeSeconds: 60 },
      match: [
        [{ source: 'cookie', name: 'beta', kind: 'exact', value: 'yes' }],
        [{ source: 'query', name: 'beta', kind: 'present', value: '' }],
      ],
      connectTimeoutMs: 500,
    },
  });
  [stable, canary] = await Promise.all([named('stable'), named('canary')]);
});
afterEach(() => rig.setRoute({ rollout: `none-${Math.random()}` }));
afterAll(async () => {
  await rig.close();
  await Promise.all([stable.close(), canary.close()]);
});

const both = (): Promise<void> =>
  rig.setEndpoints(stable.endpoint('s', 'stable'), canary.endpoint('c', 'canary'));

/** Sends n requests on one connection; how many the canary answered. */
async function canaryShare(n: number, fields: (i: number) => string = () => ''): Promise<number> {
  const client = new RawClient(rig.port);
  for (let i = 0; i < n; i += 1) client.send(`GET / HTTP/1.1\r\nHost: a\r\n${fields(i)}\r\n`);
  await until(() => (client.text.match(/stable|canary/g)?.length ?? 0) === n);
  client.close();
  return client.text.match(/canary/g)?.length ?? 0;
}

test('a worker that no engine told a route serves stable only', async () => {
  const fresh = await Rig.start();
  await fresh.setEndpoints(stable.endpoint('s', 'stable'), canary.endpoint('c', 'canary'));
  for (let i = 0; i < 20; i += 1) expect(await ask(fresh.port, get())).toContain('stable');
  await fresh.close();
});

test('splits at random by weight, counts each request on its arm, and stops at 0', async () => {
  await both();
  const before = await rig.counters();
  await rig.setRoute({ weightPercent: 25, rollout: 'w' });
  const share = await canaryShare(2_000);
  expect(share).toBeGreaterThan(400);
  expect(share).toBeLessThan(600);
  const after = await rig.counters();
  expect(after.arms.canary.requests - before.arms.canary.requests).toBe(share);
  expect(after.arms.stable.requests - before.arms.stable.requests).toBe(2_000 - share);
  expect(after.arms.canary.latency.cumulative.at(-1)).toBe(after.arms.canary.requests);
  await rig.setRoute({ weightPercent: 0, rollout: 'w' });
  expect(await canaryShare(500)).toBe(0);
  await rig.setRoute({ weightPercent: 100, rollout: 'w' });
  expect(await canaryShare(500)).toBe(500);
});

test('whoever is on the canary stays on it as the weight rises', async () => {
  await both();
  let before = new Set<number>();
  for (const weightPercent of [10, 30, 70]) {
    await rig.setRoute({ weightPercent, rollout: 'key' });
    const now = new Set<number>();
    for (let user = 0; user < 100; user += 1) {
      if ((await canaryShare(1, () => `X-User: user-${user}\r\n`)) === 1) now.add(user);
    }
    for (const user of before) expect(now).toContain(user);
    expect(now.size).toBeGreaterThan(weightPercent - 15);
    expect(now.size).toBeLessThan(weightPercent + 15);
    before = now;
  }
});

test('a match goes to the canary, all others to stable', async () => {
  await both();
  await rig.setRoute({ match: true, rollout: 'ab' });
  expect(await ask(rig.port, get('/', 'Cookie: a=b; beta=yes\r\n'))).toContain('canary');
  expect(await ask(rig.port, get('/?beta'))).toContain('canary');
  expect(await ask(rig.port, get('/', 'Cookie: beta=no\r\n'))).toContain('stable');
  expect(await ask(rig.port, get('/'))).toContain('stable');
});

test('the sticky cookie keeps a client on the canary, not beyond weight 0 and not for another rollout', async () => {
  await both();
  await rig.setRoute({ weightPercent: 100, sticky: true, rollout: 's/1' });
  const cookie =
    /Set-Cookie: (sluice=[^;]*); Path=\/; Max-Age=60/.exec(await ask(rig.port, get()))?.[1] ?? '';
  expect(cookie).toBe('sluice=s%2F1');
  await rig.setRoute({ weightPercent: 0.01, sticky: true, rollout: 's/1' });
  expect(await canaryShare(50, () => `Cookie: ${cookie}\r\n`)).toBe(50);
  await rig.setRoute({ weightPercent: 0, sticky: true, rollout: 's/1' });
  expect(await canaryShare(50, () => `Cookie: ${cookie}\r\n`)).toBe(0);
  await rig.setRoute({ weightPercent: 0.01, sticky: true, rollout: 's/2' });
  expect(await canaryShare(50, () => `Cookie: ${cookie}\r\n`)).toBeLessThan(5);
});

test('mirrors GET to the canary, drops its answer, and counts it apart', async () => {
  await both();
  const before = await rig.counters();
  const seen = canary.received().length;
  await rig.setRoute({ mirrorPercent: 100, rollout: 'm' });
  expect(await canaryShare(10)).toBe(0);
  await ask(rig.port, 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  await until(async () => (await rig.counters()).mirror.requests - before.mirror.requests === 10);
  expect(
    canary
      .received()
      .slice(seen)
      .match(/X-Sluice-Mirror: true/g)?.length,
  ).toBe(10);
  expect((await rig.counters()).arms.canary.requests).toBe(before.arms.canary.requests);
});

test('a pinned listener goes to its arm at any weight', async () => {
  await both();
  const port = await rig.pin('canary');
  expect(await ask(port, get())).toContain('canary');
  await rig.setEndpoints(stable.endpoint('s', 'stable'));
  expect(await ask(port, get())).toContain('X-Sluice-Reason: no-canary-endpoint');
});

test('a canary without endpoints costs no user anything, and is counted as its error', async () => {
  await rig.setEndpoints(stable.endpoint('s', 'stable'));
  const before = await rig.counters();
  await rig.setRoute({ weightPercent: 100, rollout: 'gone' });
  expect(await canaryShare(10)).toBe(0);
  const after = await rig.counters();
  expect(after.arms.canary.errors - before.arms.canary.errors).toBe(10);
  expect(after.arms.stable.classes['2xx'] - before.arms.stable.classes['2xx']).toBe(10);
});

test('stable without endpoints is rescued by the canary only while users may be on the canary', async () => {
  await rig.setEndpoints(canary.endpoint('c', 'canary'));
  await rig.setRoute({ weightPercent: 0.01, rollout: 'rescue' });
  expect(await canaryShare(10)).toBe(10);
  await rig.setRoute({ weightPercent: 0, rollout: 'rescue' });
  const answer = await ask(rig.port, get());
  expect(answer).toContain('HTTP/1.1 503');
  expect(answer).toContain('Retry-After: 1');
  expect(answer).toContain('X-Sluice-Reason: no-stable-endpoint');
});

test('a refused connection is retried on the same arm, then on stable, and counted as the arm that failed', async () => {
  const [dead1, dead2] = await Promise.all([deadEndpoint('d1', 'canary'), deadEndpoint('d2', 'canary')]);
  await rig.setEndpoints(stable.endpoint('s', 'stable'), dead1, dead2);
  const before = await rig.counters();
  await rig.setRoute({ weightPercent: 100, rollout: 'dead' });
  expect(await ask(rig.port, get())).toContain('stable');
  const after = await rig.counters();
  expect(after.arms.canary.errors - before.arms.canary.errors).toBe(2);
  expect(after.arms.canary.retries - before.arms.canary.retries).toBe(2);
  expect(after.arms.stable.requests - before.arms.stable.requests).toBe(1);
  await rig.setEndpoints(stable.endpoint('s', 'stable'), canary.endpoint('c', 'canary'), dead1);
  for (let i = 0; i < 10; i += 1) expect(await ask(rig.port, get())).toContain('canary');
});

test('a request of which something was sent is never sent twice', async () => {
  const cut = await backend((socket) => socket.destroy());
  await rig.setEndpoints(stable.endpoint('s', 'stable'), cut.endpoint('cut', 'canary'));
  await rig.setRoute({ weightPercent: 100, rollout: 'cut' });
  const answer = await ask(
    rig.port,
    'POST /once HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi',
  );
  expect(answer).toContain('HTTP/1.1 502');
  expect(cut.received().match(/POST \/once/g)?.length).toBe(1);
  expect(stable.received()).not.toContain('POST /once');
  await cut.close();
});

test('after three refused connections an endpoint is left alone', async () => {
  const dead = await deadEndpoint('dead', 'canary');
  await rig.setEndpoints(stable.endpoint('s', 'stable'), dead);
  await rig.setRoute({ weightPercent: 100, rollout: 'circuit' });
  await canaryShare(4);
  const came = await backend((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ncame'));
  await rig.setEndpoints(stable.endpoint('s', 'stable'), { ...dead, port: came.port });
  expect(await ask(rig.port, get())).toContain('stable');
  await until(async () => (await ask(rig.port, get())).includes('came'));
  await came.close();
});

test('retries are a fifth of the requests at most', async () => {
  const dead = await Promise.all(Array.from({ length: 60 }, (_, i) => deadEndpoint(`x${i}`, 'stable')));
  const poor = await Rig.start();
  await poor.setEndpoints(...dead);
  const client = new RawClient(poor.port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(100));
  await until(() => (client.text.match(/X-Sluice-Reason/g)?.length ?? 0) === 100);
  client.close();
  const { retries } = (await poor.counters()).arms.stable;
  expect(retries).toBeGreaterThan(10);
  expect(retries).toBeLessThanOrEqual(30);
  await poor.close();
});

test('refuses a stale epoch, and a weight for a rollout that was rolled back', async () => {
  const fresh = await Rig.start();
  const { client } = fresh.worker;
  const epoch = 100;
  expect(
    await client.setRoute(serviceKey, { ...stableRoute, epoch, weightPercent: 10, rollout: 'x' }),
  ).toEqual({ ok: true, epoch });
  expect(await client.setRoute(serviceKey, { ...stableRoute, epoch: 5, rollout: 'x' })).toMatchObject({
    ok: false,
    error: 'stale-epoch',
  });
  expect(
    await client.setRoute(serviceKey, { ...stableRoute, epoch: 0, rollout: 'x', tombstone: 'x' }),
  ).toEqual({
    ok: true,
    epoch: epoch + 1,
  });
  expect(
    await client.setRoute(serviceKey, { ...stableRoute, epoch: epoch + 9, weightPercent: 1, rollout: 'x' }),
  ).toMatchObject({
    ok: false,
    error: 'tombstone',
  });
  const { routes } = await client.routes();
  expect(routes[serviceKey]).toMatchObject({
    unattended: false,
    route: { weightPercent: 0, tombstone: 'x', epoch: epoch + 1 },
  });
  await fresh.close();
});
