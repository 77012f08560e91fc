import { keeperMark, replicaMark } from '../process/environment.ts';
import { environment, identify, processesWithEnvironment, signalGroup } from '../process/identity.ts';
import type { KeeperState } from './state-file.ts';

/**
 * Ends what an earlier keeper started in the instant before its death, too late to be written down: it carries the keeper's
 * mark, but no file knows it. Linux; elsewhere there is no way to find it.
 */
export function endStrays(keeperId: string, state: KeeperState | null, log: (message: string) => void): void {
  const endpoints = new Set(
    (state?.services ?? []).flatMap((service) =>
      service.replicas.map((replica) => `${replica.id}.${replica.starts}`),
    ),
  );
  const workers = new Set((state?.workers ?? []).map((worker) => worker.identity.pid));
  for (const pid of processesWithEnvironment(keeperMark, keeperId)) {
    const mark = environment(pid).find((line) => line.startsWith(`${replicaMark}=`));
    const known = mark === undefined ? workers.has(pid) : endpoints.has(mark.slice(replicaMark.length + 1));
    const identity = identify(pid);
    if (known || pid === process.pid || identity === null) continue;
    log(`process ${pid} was started by an earlier keeper that could not write it down; it is ended`);
    // A worker drains on SIGTERM; an application was never an endpoint, so nothing is lost with it.
    signalGroup(identity, mark === undefined ? 'SIGTERM' : 'SIGKILL');
  }
}
