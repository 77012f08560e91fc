import { isAlive } from '../platform/local/process/identity.ts';
import { readHolder } from '../platform/local/keeper/keeper-lock.ts';
import { keeperPaths } from '../platform/local/keeper/paths.ts';
import { LocalPlatform } from '../platform/local/local-platform.ts';

/** Ends keeper, proxy and applications that an ended engine left serving. False: there are none. */
export async function stopRemains(state: string): Promise<boolean> {
  const holder = readHolder(keeperPaths(state).lockFile);
  if (holder === null || !isAlive(holder)) return false;
  const platform = new LocalPlatform({ stateDir: state, keeperCommand: null });
  await platform.start();
  await platform.shutdown();
  return true;
}
