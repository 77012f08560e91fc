import { expect, test } from 'vitest';
import { eventually } from '../cluster/eventually.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import type { FaultScene } from './fault-scene.ts';

/** What networks do to watches, fake server or real. */
export function connectionLaws(open: (namespace: string) => Promise<FaultScene>): void {
  test('connections are late, reset, cut anywhere: no event is lost, and none comes out of order', async () => {
    const scene = await open('flaky');
    const witness = scene.witness();
    await scene.churn.steps(5);
    await scene.hasAll(witness);
    const { proxy, churn } = scene;
    const random = new SeededRandom(7);
    proxy.weather = { kind: 'delay', delayMs: 20 };
    for (let round = 0; round < 12; round += 1) {
      if (random.chance(0.3)) proxy.reset();
      else proxy.cutAfter(random.between(0, 6000));
      await churn.steps(random.between(1, 12));
      scene.clock.forward(random.between(0, 4000));
    }
    proxy.weather = { kind: 'fair' };
    await scene.hasAll(witness);
    expect(witness.reasons).toEqual(['Unreachable']);
    expect(witness.runs.length).toBe(1);
  });

  test.each(['stall', 'halfOpen'] as const)(
    '%s: the silence is noticed after two minutes, and what was missed is told',
    async (how) => {
      const scene = await open(how.toLowerCase());
      const witness = scene.witness();
      await scene.churn.steps(5);
      await scene.hasAll(witness);
      if (how === 'halfOpen') scene.proxy.halfOpen();
      else scene.proxy.weather = { kind: 'stall' };
      await scene.churn.steps(15);
      scene.clock.forward(90_000);
      expect(witness.problems).toEqual([]);
      scene.clock.forward(31_000);
      await eventually(() => (witness.problems.length >= 2 ? true : null));
      scene.proxy.weather = { kind: 'fair' };
      await scene.hasAll(witness);
      expect(witness.reasons).toEqual(['Unreachable']);
      expect(witness.runs.length).toBe(1);
    },
  );
}
