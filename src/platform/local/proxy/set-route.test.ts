import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ProxyRoute } from './messages.ts';
import { nextRoute } from './set-route.ts';
import { stableRoute } from './testing/rig.ts';

function route(part: Partial<ProxyRoute>): ProxyRoute {
  return { ...stableRoute, ...part };
}

function after(current: ProxyRoute | null, part: Partial<ProxyRoute>): ProxyRoute | string {
  const next = nextRoute(current, route(part));
  return next.ok ? next.value : next.error.error;
}

test('a higher epoch stands, an equal one only if it says the same', () => {
  const current = route({ epoch: 5, weightPercent: 10 });
  expect(after(null, { epoch: 1 })).toMatchObject({ epoch: 1 });
  expect(after(current, { epoch: 6, weightPercent: 20 })).toMatchObject({ weightPercent: 20 });
  expect(after(current, { epoch: 5, weightPercent: 10 })).toMatchObject({ epoch: 5 });
  expect(after(current, { epoch: 5, weightPercent: 20 })).toBe('stale-epoch');
  expect(after(current, { epoch: 4 })).toBe('stale-epoch');
});

test('the tombstone of the rollout in force needs no epoch; that of another does', () => {
  const current = route({ epoch: 5, weightPercent: 10, rollout: 'b' });
  expect(after(current, { epoch: 0, rollout: 'b', tombstone: 'b' })).toMatchObject({
    epoch: 6,
    weightPercent: 0,
    tombstone: 'b',
  });
  expect(after(current, { epoch: 0, rollout: 'a', tombstone: 'a' })).toBe('stale-epoch');
});

test('a tombstone refuses its rollout for ever, and lets the next one through', () => {
  const current = route({ epoch: 5, rollout: 'a', tombstone: 'a' });
  expect(after(current, { epoch: 6, rollout: 'a', weightPercent: 1 })).toBe('tombstone');
  expect(after(current, { epoch: 6, rollout: 'a', match: true })).toBe('tombstone');
  expect(after(current, { epoch: 6, rollout: 'a', mirrorPercent: 1 })).toBe('tombstone');
  expect(after(current, { epoch: 6, rollout: 'a' })).toMatchObject({ tombstone: 'a' });
  expect(after(current, { epoch: 6, rollout: 'b', weightPercent: 1 })).toMatchObject({ tombstone: null });
});

test.each<[string, Partial<Record<keyof ProxyRoute, unknown>>]>([
  ['a weight above 100', { weightPercent: 101 }],
  ['a weight that is no number', { weightPercent: Number.NaN }],
  ['a negative mirror', { mirrorPercent: -1 }],
  ['half an epoch', { epoch: 1.5 }],
  ['a tombstone with a weight', { tombstone: 'a', weightPercent: 1 }],
  ['a limit of nothing', { unattendedMs: 0 }],
  ['another word', { unattended: 'maybe' }],
])('refuses %s', (_name, part) => {
  expect(after(null, part as Partial<ProxyRoute>)).toBe('bad-request');
});

test('no order of writes raises a weight after its tombstone, and epochs only rise', () => {
  const write = fc.record({
    epoch: fc.integer({ min: 0, max: 9 }),
    rollout: fc.constantFrom('a', 'b'),
    weightPercent: fc.constantFrom(0, 10, 100),
    dead: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(write, { maxLength: 12 }), (writes) => {
      let current: ProxyRoute | null = null;
      for (const { dead, ...rest } of writes) {
        const asked = route(dead ? { ...rest, weightPercent: 0, tombstone: rest.rollout } : rest);
        const next = nextRoute(current, asked);
        if (!next.ok) continue;
        const before: ProxyRoute | null = current;
        if (before !== null) {
          expect(next.value.epoch).toBeGreaterThanOrEqual(before.epoch);
          const same = before.rollout === next.value.rollout;
          if (same && before.tombstone !== null) expect(next.value.weightPercent).toBe(0);
        }
        current = next.value;
      }
    }),
  );
});
