import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { differencesOf, surprises } from '../conformance/trace/compare.ts';
import { traceOfFake } from '../conformance/trace/fake-trace.ts';
import { knownDifferences } from '../conformance/trace/known-differences.ts';
import { recordedTrace } from '../conformance/trace/recordings.ts';
import type { Trace } from '../conformance/trace/trace.ts';
import type { ControlPlane } from './control-plane.ts';
import { startControlPlane } from './start-control-plane.ts';
import { controllersOfTrace, traceOfPlane } from './trace-of-plane.ts';

const stepsOf = ({ chapters }: Trace): readonly string[] =>
  chapters.flatMap(({ chapter, steps }) => steps.map(({ step }) => `${chapter}: ${step}`));

// The controllers of an existing cluster cannot be chosen: those of its workloads would write in between.
describe.runIf(process.env['USE_EXISTING_CLUSTER'] !== 'true')('the trace of a real control plane', () => {
  let plane: ControlPlane;
  let real: Trace;
  let fake: Trace;

  beforeAll(async () => {
    plane = await startControlPlane({ controllers: controllersOfTrace });
    real = await traceOfPlane(plane);
    fake = await traceOfFake();
  });
  afterAll(() => plane.stop());

  test('is that of the fake, but for what is known', () => {
    expect(stepsOf(real)).toEqual(stepsOf(fake));
    // Another version may word things otherwise: the fake is held to its own.
    if (real.kubernetes === fake.kubernetes)
      expect(surprises(differencesOf(real, fake), knownDifferences)).toEqual([]);
  });

  test('is the recorded one; if not, run npm run record:trace', () => {
    const recorded = recordedTrace(real.kubernetes);
    if (recorded === null) expect(real.kubernetes).not.toBe(fake.kubernetes);
    else expect(surprises(differencesOf(recorded, real), [])).toEqual([]);
  });
});
