import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceKey } from '../engine/ports.ts';
import { keeperPaths } from '../platform/local/keeper/paths.ts';
import type { ReplicaLog } from '../server/dependencies.ts';

/**
 * The log files of a service, the running replicas' and the ended ones' that are still kept: what a process said before it
 * crashed is what one looks for. Their names are `<arm>-<revision>-<replica>.log`.
 */
export async function replicaLogs(state: string, key: ServiceKey): Promise<readonly ReplicaLog[]> {
  const folder = join(keeperPaths(state).logFolder, key.replaceAll('/', '_'));
  const names = await readdir(folder).catch(() => []);
  return names
    .toSorted((a, b) => a.localeCompare(b))
    .flatMap((name) => {
      const [, arm, revision, replica] = /^(stable|canary)-([^-]+)-(.+)\.log$/.exec(name) ?? [];
      if (revision === undefined || replica === undefined) return [];
      return [
        {
          arm: arm === 'canary' ? ('canary' as const) : ('stable' as const),
          revision,
          replica,
          path: join(folder, name),
        },
      ];
    });
}
