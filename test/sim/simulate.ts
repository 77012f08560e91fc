import type { Coverage } from './coverage.ts';
import { type Decide, Simulation } from './simulation.ts';

/** Runs one seed to its end. Empty: nothing was violated. */
export function simulate(
  seed: number,
  coverage: Coverage,
  verbose?: (line: string) => void,
  decide?: Decide,
): Promise<readonly string[]> {
  const simulation = new Simulation({
    seed,
    coverage,
    ...(verbose === undefined ? {} : { verbose }),
    ...(decide === undefined ? {} : { decide }),
  });
  return simulation.run();
}
