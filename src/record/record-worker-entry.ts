/** Entry of the worker thread when Sluice runs from source. A bundle calls `runRecordWorker` from its own entry. */
import { runRecordWorker } from './record-worker.ts';

runRecordWorker();
