import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Routing } from '../../rollout/plan.ts';
import {
  isInForce,
  laterRoute,
  reachesCanary,
  routeFor,
  routingOf,
  sameContent,
  zeroRoute,
} from './route-content.ts';

const context = { epoch: 7, rollout: 'uid', stickyCookie: true, stableServes: true };
const weight = (weightPercent: number): Routing => ({ kind: 'weight', weightPercent });
const routing: fc.Arbitrary<Routing> = fc.oneof(
  fc.record({ kind: fc.constant('weight' as const), weightPercent: fc.integer({ min: 0, max: 100 }) }),
  fc.constant({ kind: 'match' as const }),
  fc.record({ kind: fc.constant('mirror' as const), percent: fc.integer({ min: 1, max: 100 }) }),
);

test('a routing that was written reads back the same', () => {
  fc.assert(
    fc.property(routing, (asked) => {
      expect(routingOf(routeFor({ routing: asked, tombstone: false }, context))).toEqual(asked);
    }),
  );
});

test('with a tombstone nothing reaches the canary, whatever else is asked for', () => {
  fc.assert(
    fc.property(routing, (asked) => {
      expect(routeFor({ routing: asked, tombstone: true }, context)).toEqual(zeroRoute(7, 'uid'));
      expect(reachesCanary(zeroRoute(7, 'uid'))).toBe(false);
    }),
  );
});

test('only where stable has nobody who answers is all traffic left on the canary without an engine', () => {
  const unattended = (weightPercent: number, stableServes: boolean): string =>
    routeFor({ routing: weight(weightPercent), tombstone: false }, { ...context, stableServes }).unattended;
  expect([unattended(100, true), unattended(100, false), unattended(50, false)]).toEqual([
    'stable',
    'keep',
    'stable',
  ]);
});

test('a fresh worker is in force for stable alone, another tombstone is not the same', () => {
  const half = routeFor({ routing: weight(50), tombstone: false }, context);
  const zero = zeroRoute(8, 'uid');
  expect([isInForce(null, null), isInForce(zero, null), isInForce(half, null)]).toEqual([true, true, false]);
  expect([isInForce(half, { ...half, epoch: 9 }), isInForce(half, { ...half, weightPercent: 49 })]).toEqual([
    true,
    false,
  ]);
  expect([
    sameContent(zero, zeroRoute(9, 'uid')),
    sameContent(zero, zeroRoute(9, 'other')),
    sameContent(zero, half),
  ]).toEqual([true, false, false]);
});

test('of two routes the later one stands, of the same epoch the one that lets less through', () => {
  const half = routeFor({ routing: weight(50), tombstone: false }, context);
  const lowered = { ...half, weightPercent: 0 };
  const later = { ...half, epoch: 8, weightPercent: 75 };
  expect([
    laterRoute(half, lowered),
    laterRoute(lowered, half),
    laterRoute(half, later),
    laterRoute(later, lowered),
  ]).toEqual([lowered, lowered, later, later]);
});
