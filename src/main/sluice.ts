#!/usr/bin/env node
import { isMainThread, workerData } from 'node:worker_threads';
import { rememberEntry } from './self-command.ts';

rememberEntry(import.meta.url);

/**
 * The one entry of everything: a worker thread, a hidden process, or the command line. Each loads what it needs and no
 * more, so that a proxy worker is small and `sluice version` is quick.
 */
const [first] = process.argv.slice(2);
if (!isMainThread) {
  const role = (workerData as { readonly role?: unknown } | null)?.role;
  if (role === 'record') (await import('../record/record-worker.ts')).runRecordWorker();
} else if (first === '_keeper' || first === '_proxy') {
  await (await import('./hidden-commands.ts')).runHiddenCommand(first, process.argv.slice(3));
} else {
  const { runFromProcess } = await import('./run-from-process.ts');
  await runFromProcess();
}
