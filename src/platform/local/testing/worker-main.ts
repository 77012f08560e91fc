import { guardKeeper } from '../keeper/worker-process.ts';
import { runProxyWorker } from '../proxy/worker.ts';

/** Entry of a proxy worker process of its own, for tests; told everything by its environment. */
guardKeeper();
await runProxyWorker({
  controlSocketPath: process.env['SLUICE_WORKER_SOCKET'] ?? '',
  workerId: process.env['SLUICE_WORKER_ID'] ?? '',
});
