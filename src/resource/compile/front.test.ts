import { expect, test } from 'vitest';
import { canary, one, processOf } from '../fixtures/resources.ts';

const steps = { steps: [{ weight: 10 }] };

test('listens on loopback, where the Canary says, with usual limits', () => {
  const { latencyBounds, ...front } = one(canary(steps), processOf()).spec.front;
  expect(front).toMatchInlineSnapshot(`
    {
      "assignBy": null,
      "connectTimeoutMs": 2000,
      "host": "127.0.0.1",
      "match": [],
      "port": 8080,
      "responseTimeoutMs": 60000,
      "stickyCookie": null,
    }
  `);
  expect(latencyBounds.every((bound, index) => bound > (latencyBounds[index - 1] ?? 0))).toBe(true);
});

test('the Process knows better where its machine listens', () => {
  const { front } = one(canary(steps), processOf({ listen: { port: 81, address: '::' } })).spec;
  expect([front.host, front.port]).toEqual(['::', 81]);
});

test('keeps clients on the canary by a header, a cookie or a cookie of its own', () => {
  const by = (assignBy: unknown): unknown =>
    one(canary(steps, { service: { port: 1, assignBy } }), processOf()).spec.front.assignBy;
  expect(by({ header: 'X-User-Id' })).toEqual({ source: 'header', name: 'x-user-id' });
  expect(by({ cookie: 'Sid' })).toEqual({ source: 'cookie', name: 'Sid' });
  const sticky = (affinity: unknown): unknown =>
    one(canary({ ...steps, sessionAffinity: affinity }), processOf()).spec.front.stickyCookie;
  expect(sticky({ cookieName: 'c' })).toEqual({ name: 'c', maxAgeSeconds: 86_400 });
  expect(sticky({ cookieName: 'c', maxAge: 60 })).toEqual({ name: 'c', maxAgeSeconds: 60 });
});

test('takes the timeouts of the Canary', () => {
  const { front } = one(
    canary(steps, { service: { port: 1, timeout: '15s', connectTimeout: '250ms' } }),
    processOf(),
  ).spec;
  expect([front.responseTimeoutMs, front.connectTimeoutMs]).toEqual([15_000, 250]);
});
