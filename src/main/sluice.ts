#!/usr/bin/env node
import { isMainThread, workerData } from 'node:worker_threads';
import { rememberEntry } from './self-command.ts';

rememberEntry(import.meta.url);

/**
 * The one entry of everything: a worker thread, a hidden process, or the command line. Each loads what it needs and no
 * more, so that a proxy worker is small and `sluice version` is quick.
 */
const [first, second] = process.argv.slice(2);
if (!isMainThread) {
  const role = (workerData as { readonly role?: unknown } | null)?.role;
  if (role === 'record') (await import('../record/record-worker.ts')).runRecordWorker();
} else if (first === '_keeper') {
  await (await import('./keeper-process.ts')).runKeeperProcess(second ?? '');
} else if (first === '_proxy') {
  await (await import('./proxy-process.ts')).runProxyProcess();
} else {
  const { runFromProcess } = await import('./run-from-process.ts');
  await runFromProcess();
}
