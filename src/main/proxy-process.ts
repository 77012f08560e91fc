import { guardKeeper } from '../platform/local/keeper/worker-process.ts';
import { runProxyWorker } from '../platform/local/proxy/worker.ts';

/** Hidden command `_proxy`: one proxy worker, told by the environment that the keeper gives it. */
export async function runProxyProcess(): Promise<void> {
  guardKeeper();
  await runProxyWorker({
    controlSocketPath: process.env['SLUICE_WORKER_SOCKET'] ?? '',
    workerId: process.env['SLUICE_WORKER_ID'] ?? '',
  });
}
