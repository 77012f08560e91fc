import { availableParallelism } from 'node:os';
import { guardKeeper } from '../platform/local/keeper/worker-process.ts';
import { runKeeper } from '../platform/local/keeper/run-keeper.ts';
import { runProxyWorker } from '../platform/local/proxy/worker.ts';
import { selfCommand } from './self-command.ts';

/**
 * Processes that the engine or the keeper starts. Not for people, so they are in no help:
 * `_keeper STATE` is the parent of proxy and applications, `_proxy` is one worker of it, told by its environment.
 */
export async function runHiddenCommand(name: '_keeper' | '_proxy', args: readonly string[]): Promise<void> {
  if (name === '_keeper') {
    await runKeeper({ stateDir: args[0] ?? '', entry: selfCommand('_proxy'), workers: proxyWorkers() });
    return;
  }
  guardKeeper();
  await runProxyWorker({
    controlSocketPath: process.env['SLUICE_WORKER_SOCKET'] ?? '',
    workerId: process.env['SLUICE_WORKER_ID'] ?? '',
  });
}

/** One a core, but a core is left for the applications; `SLUICE_PROXY_WORKERS` overrides. */
function proxyWorkers(): number {
  const wanted = Number(process.env['SLUICE_PROXY_WORKERS']);
  return Number.isInteger(wanted) && wanted > 0
    ? wanted
    : Math.max(1, Math.min(8, availableParallelism() - 1));
}
