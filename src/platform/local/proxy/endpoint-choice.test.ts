import { expect, test } from 'vitest';
import type { Endpoint } from './messages.ts';
import { RetryBudget } from './retry-budget.ts';
import { Service } from './service.ts';
import { Watchdog } from './watchdog.ts';

function endpoint(id: string, state: Endpoint['state'] = 'ready'): Endpoint {
  return { id, arm: 'stable', revision: 'r', host: '127.0.0.1', port: 1, state };
}

function service(...endpoints: readonly Endpoint[]): Service {
  const made = new Service('a/b', 'w', new Watchdog());
  made.setEndpoints(1, endpoints);
  return made;
}

function pool(of: Service, id: string) {
  const found = [...of.pools].find((one) => one.endpoint.id === id);
  if (found === undefined) throw new Error(id);
  return found;
}

test('of two the one with less in flight', () => {
  const made = service(endpoint('busy'), endpoint('free'));
  pool(made, 'busy').inFlight = 10;
  const picks = Array.from({ length: 200 }, () => made.pick('stable', 0, true, null)?.endpoint.id);
  expect(picks.filter((id) => id === 'free').length).toBeGreaterThan(110);
});

test('the circuit opens at the third failure, for 1 s, then twice as long up to 30 s, and closes at a success', () => {
  const made = service(endpoint('one'), endpoint('two'));
  const one = pool(made, 'one');
  const outFor = (): number => {
    for (let ms = 0; ms <= 40_000; ms += 500) if (one.isIn(ms)) return ms;
    return Number.POSITIVE_INFINITY;
  };
  const after = Array.from({ length: 9 }, () => {
    one.connectFailed(0);
    return outFor();
  });
  expect(after).toEqual([0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  const picks = Array.from({ length: 50 }, () => made.pick('stable', 0, true, null)?.endpoint.id);
  expect(new Set(picks)).toEqual(new Set(['two']));
  one.connectSucceeded();
  one.connectFailed(100_000);
  expect(one.isIn(100_000)).toBe(true);
});

test('where all are out, one is tried all the same if there is nowhere else to go', () => {
  const made = service(endpoint('one'), endpoint('two'));
  for (const one of made.pools) for (let i = 0; i < 3; i += 1) one.connectFailed(0);
  expect(made.pick('stable', 0, false, null)).toBeNull();
  expect(made.pick('stable', 0, true, null)).not.toBeNull();
});

test('a draining endpoint is not chosen; an older list changes nothing', () => {
  const made = service(endpoint('one', 'draining'));
  expect(made.pick('stable', 0, true, null)).toBeNull();
  made.setEndpoints(0, [endpoint('old')]);
  expect(made.pick('stable', 0, true, null)).toBeNull();
});

test('other latency bounds are seen as a worker that started anew, with what is in flight kept', () => {
  const made = service(endpoint('one'));
  made.counters.stable.inFlight = 3;
  made.counters.stable.count(200, 1);
  const before = made.snapshot();
  made.setFront({ ...made.front, latencyBounds: [1, 2] });
  const after = made.snapshot();
  expect([before.worker, after.worker]).toEqual(['w', 'w/1']);
  expect(after.arms.stable).toMatchObject({
    requests: 0,
    inFlight: 3,
    latency: { bounds: [1, 2], cumulative: [0, 0] },
  });
});

test('the retry budget starts with ten and grows by a fifth of a retry a request', () => {
  const budget = new RetryBudget();
  const drain = (): number => {
    let taken = 0;
    while (budget.take()) taken += 1;
    return taken;
  };
  expect(drain()).toBe(10);
  for (let i = 0; i < 51; i += 1) budget.request();
  expect(drain()).toBe(10);
  for (let i = 0; i < 100_000; i += 1) budget.request();
  expect(drain()).toBe(100);
});
