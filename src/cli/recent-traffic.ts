import type { SluiceClient } from '../client/client.ts';

/** What the service had in its last rollouts, of both arms together. */
export interface RecentTraffic {
  readonly requestsPerSecond: number;
  readonly rollouts: number;
}

const mostRollouts = 3;
/** Among those that are looked at some have measured nothing. */
const lookedAt = 10;

/** From the recorded measurements of the newest rollouts; null: there are none. */
export async function recentTraffic(
  client: Pick<SluiceClient, 'history' | 'measurements'>,
  key: string,
): Promise<RecentTraffic | null> {
  let requests = 0;
  let durationMs = 0;
  let rollouts = 0;
  for (const { name } of (await client.history(key, lookedAt)).rollouts) {
    if (rollouts === mostRollouts) break;
    const { measurements } = await client.measurements(name);
    // A block has one row for each arm; rows of numbers without counts have a value and no length.
    const blocks = new Map<number, number>();
    for (const row of measurements) {
      if (row.value !== null || row.durationMs <= 0) continue;
      requests += row.requests;
      blocks.set(row.atMs, row.durationMs);
    }
    if (blocks.size === 0) continue;
    rollouts += 1;
    for (const lengthMs of blocks.values()) durationMs += lengthMs;
  }
  return durationMs === 0 ? null : { requestsPerSecond: (requests * 1000) / durationMs, rollouts };
}
