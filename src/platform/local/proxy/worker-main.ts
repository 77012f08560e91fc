import { runProxyWorker } from './worker.ts';

/** Entry of a worker process of its own, for tests and benches: `worker-main.ts SOCKET ID [LIMITS as JSON]`. */
const [controlSocketPath = '', workerId = 'worker', limits = '{}'] = process.argv.slice(2);
await runProxyWorker({ controlSocketPath, workerId, limits: JSON.parse(limits) as object });
