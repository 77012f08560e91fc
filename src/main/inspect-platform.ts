import type { DoctorFinding } from '../cli/host.ts';
import { toSluiceError } from '../lib/error.ts';
import { isAlive } from '../platform/local/process/identity.ts';
import { readHolder } from '../platform/local/keeper/keeper-lock.ts';
import { keeperPaths } from '../platform/local/keeper/paths.ts';
import { LocalPlatform } from '../platform/local/local-platform.ts';

/** Whether keeper and proxy workers live and answer. Starts nothing. */
export async function inspectPlatform(state: string): Promise<readonly DoctorFinding[]> {
  const paths = keeperPaths(state);
  const holder = readHolder(paths.lockFile);
  if (holder === null || !isAlive(holder)) {
    return [
      { check: 'keeper', status: 'warning', message: 'no keeper runs', cure: '"sluice up" starts one.' },
    ];
  }
  const platform = new LocalPlatform({ stateDir: state, keeperCommand: null });
  try {
    await platform.start();
    const workers = platform.workers();
    return [
      { check: 'keeper', status: 'ok', message: `process ${holder.pid}`, cure: null },
      workers.length > 0
        ? { check: 'proxy', status: 'ok', message: `${workers.length} workers`, cure: null }
        : {
            check: 'proxy',
            status: 'error',
            message: 'no proxy worker runs',
            cure: `See ${paths.workerLog}.`,
          },
    ];
  } catch (thrown) {
    const error = toSluiceError(thrown, 'keeper-unreachable');
    return [{ check: 'keeper', status: 'error', message: error.message, cure: `See ${paths.keeperLog}.` }];
  } finally {
    platform.close();
  }
}
