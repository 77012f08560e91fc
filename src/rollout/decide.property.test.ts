import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTerminal } from './lifecycle.ts';
import { calm, disturbance, planPatch } from './testing/arbitrary.ts';
import { World } from './testing/world.ts';

const runs = 400;

test('whatever is observed, no invariant breaks, and looking again changes nothing', () => {
  fc.assert(
    fc.property(planPatch, fc.array(disturbance, { maxLength: 25 }), (plan, disturbances) => {
      const world = new World({ plan });
      for (const disturb of disturbances) {
        disturb(world);
        world.tick();
      }
    }),
    { numRuns: runs },
  );
});

test('once faults end and people answer, every run ends (N14)', () => {
  fc.assert(
    fc.property(planPatch, fc.array(disturbance, { maxLength: 25 }), (plan, disturbances) => {
      const world = new World({ plan });
      for (const disturb of disturbances) disturb(world);
      for (let count = 0; count < 500 && !isTerminal(world.state); count += 1) {
        calm(world);
        world.tick();
      }
      expect(
        isTerminal(world.state),
        `${world.state.name}/${world.state.phase} ${world.state.reason}: ${JSON.stringify(world.observation)}`,
      ).toBe(true);
    }),
    { numRuns: runs },
  );
});
