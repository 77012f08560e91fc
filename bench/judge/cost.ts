import { bet } from '../../src/analysis/bet/bet.ts';
import { Random } from '../../test/statistics/random.ts';
import { blocksOf } from '../../test/statistics/world.ts';
import { latencyCells } from './grid.ts';
import { betPlan, errorRate, slowness } from './rivals.ts';

/** Blocks timed together: few enough that no other program comes in between every time. */
const batch = 36;

/** An error rate and a p95 on a histogram of 14 bounds, one call a block as in the engine; the quietest of many batches. */
export function measureCost(): {
  readonly microsecondsPerBlock: number;
  readonly stateBytes: number;
  readonly bounds: number;
} {
  const cell = latencyCells[0];
  const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];
  const latency = { medianSeconds: 0.2, sigma: 0.8, canaryFactor: 1, bounds };
  if (cell === undefined) return { microsecondsPerBlock: Number.NaN, stateBytes: Number.NaN, bounds: 0 };
  const blocks = [...blocksOf({ ...cell.world, latency }, new Random(5))];
  const plan = betPlan(50, [errorRate, slowness]);
  let quietestMs = Number.POSITIVE_INFINITY;
  let stateBytes = 0;
  for (let round = 0; round < 150; round += 1) {
    let state = bet.start(plan);
    let fromMs = performance.now();
    for (const [index, block] of blocks.entries()) {
      const input = { blocks: [block], samples: [], signals: [], providerError: null, nowMs: block.atMs };
      ({ state } = bet.judge(plan, state, input));
      if ((index + 1) % batch !== 0) continue;
      quietestMs = Math.min(quietestMs, performance.now() - fromMs);
      fromMs = performance.now();
    }
    stateBytes = JSON.stringify(state).length;
  }
  const perBlock = (quietestMs * 1000) / batch / plan.checks.length;
  return { microsecondsPerBlock: perBlock, stateBytes, bounds: bounds.length };
}
