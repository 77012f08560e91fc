import type { Block } from '../analysis/block.ts';
import type { MeasuredTraffic, RolloutRecord } from './ports.ts';

/** Over so long the traffic is averaged, at most twice. */
const memoryMs = 60_000;
/** Shorter than this says nothing about a rate. */
const shortestMs = 500;

/** Adds what the blocks served in both arms; half of what is older than a minute is forgotten. */
export function addTraffic(before: MeasuredTraffic | null, blocks: readonly Block[]): MeasuredTraffic | null {
  let { requests, durationMs } = before ?? { requests: 0, durationMs: 0 };
  for (const block of blocks) {
    if (block.canary === undefined && block.stable === undefined) continue;
    requests += (block.canary?.requests ?? 0) + (block.stable?.requests ?? 0);
    durationMs += Math.max(0, block.durationMs);
    if (durationMs > 2 * memoryMs) {
      requests /= 2;
      durationMs /= 2;
    }
  }
  return durationMs === 0 ? before : { requests, durationMs };
}

/** Requests per second of both arms; null: not measured for long enough. */
export function rateOf(traffic: MeasuredTraffic | null): number | null {
  if (traffic === null || traffic.durationMs < shortestMs) return null;
  return (traffic.requests * 1_000) / traffic.durationMs;
}

/** Whether the next step wants a forecast while nothing is judged: the canary starts, or is scaled for the first step. */
export function measuresForecast({ plan, state }: RolloutRecord): boolean {
  const isBefore = state.name === 'Starting' || state.name === 'Stepping';
  return plan.waitsForForecast && isBefore && state.attempt === 0;
}
