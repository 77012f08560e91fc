import { availableParallelism } from 'node:os';
import { runKeeper } from '../platform/local/keeper/run-keeper.ts';
import { selfCommand } from './self-command.ts';

/** Hidden command `_keeper STATE`: the parent of proxy workers and applications, started by the engine. */
export async function runKeeperProcess(state: string): Promise<void> {
  await runKeeper({ stateDir: state, entry: selfCommand('_proxy'), workers: proxyWorkers() });
}

/** One a core, but a core is left for the applications; `SLUICE_PROXY_WORKERS` overrides. */
function proxyWorkers(): number {
  const wanted = Number(process.env['SLUICE_PROXY_WORKERS']);
  if (Number.isInteger(wanted) && wanted > 0) return wanted;
  return Math.max(1, Math.min(8, availableParallelism() - 1));
}
