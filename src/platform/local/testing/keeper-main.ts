import { fileURLToPath } from 'node:url';
import { runKeeper } from '../keeper/run-keeper.ts';

/** Entry of a keeper process of its own, for tests: `keeper-main.ts STATE-DIR WORKERS`. */
const [stateDir = '', workers = '1'] = process.argv.slice(2);
const worker = fileURLToPath(new URL('worker-main.ts', import.meta.url));
await runKeeper({ stateDir, entry: [process.execPath, worker], workers: Number(workers) });
