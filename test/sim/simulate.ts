import type { Coverage } from './coverage.ts';
import { type Decide, Simulation } from './simulation.ts';

/** Runs one seed to its end. Empty: nothing was violated. */
export async function simulate(
  seed: number,
  coverage: Coverage,
  verbose?: (line: string) => void,
  decide?: Decide,
): Promise<readonly string[]> {
  // Faults throw by the thousand, and nobody reads where.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const simulation = new Simulation({
    seed,
    coverage,
    ...(verbose === undefined ? {} : { verbose }),
    ...(decide === undefined ? {} : { decide }),
  });
  try {
    return await simulation.run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
