import { expect, test } from 'vitest';
import type { MeasurementView, RolloutListDocument } from '../resource/view.ts';
import { recentTraffic } from './recent-traffic.ts';

const schema = 'sluice.dev/view/v1';

function row(arm: 'canary' | 'stable', atMs: number, requests: number): MeasurementView {
  return {
    rollout: 'r',
    check: 'requests',
    arm,
    atMs,
    durationMs: 1000,
    requests,
    errors: 0,
    latency: null,
    value: null,
  };
}

/** Newest first, as the engine lists them. */
function engine(rollouts: readonly (readonly MeasurementView[])[]) {
  const list = rollouts.map((_, index) => ({ name: String(index) }));
  return {
    history: () =>
      Promise.resolve({
        schema,
        kind: 'RolloutList',
        nowMs: 0,
        rollouts: list,
      } as unknown as RolloutListDocument),
    measurements: (rollout: string) =>
      Promise.resolve({
        schema,
        kind: 'MeasurementList',
        rollout,
        measurements: rollouts[Number(rollout)] ?? [],
      } as const),
  };
}

test('requests of both arms over the time that their blocks cover', async () => {
  const both = [row('canary', 1000, 10), row('stable', 1000, 90), row('canary', 2000, 50)];
  expect(await recentTraffic(engine([both]), 'default/shop')).toEqual({
    requestsPerSecond: 75,
    rollouts: 1,
  });
});

test('a reading without counts is no time without traffic', async () => {
  const reading = { ...row('canary', 5000, 0), check: 'memory', value: 7 };
  expect(await recentTraffic(engine([[reading]]), 'default/shop')).toBe(null);
  expect(await recentTraffic(engine([[row('stable', 1000, 40), reading]]), 'default/shop')).toEqual({
    requestsPerSecond: 40,
    rollouts: 1,
  });
});

test('of the last three rollouts that measured anything', async () => {
  const at = (requests: number): readonly MeasurementView[] => [row('stable', 1000, requests)];
  expect(await recentTraffic(engine([[], at(10), at(20), at(30), at(5000)]), 'default/shop')).toEqual({
    requestsPerSecond: 20,
    rollouts: 3,
  });
  expect(await recentTraffic(engine([]), 'default/shop')).toBe(null);
});
