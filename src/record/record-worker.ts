import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { assert, unreachable } from '../lib/assert.ts';
import {
  openedId,
  type RecordMethod,
  type RecordRequest,
  type RecordResponse,
  type RecordWorkerData,
} from './messages.ts';
import type { Tables } from './schema.ts';
import { dialectOf } from './sqlite-dialect.ts';
import { toRecordError } from './sqlite-error.ts';
import { openStateFile } from './state-file.ts';
import {
  insertMeasurements,
  loadSnapshot,
  readEvents,
  readMeasurements,
  readRollouts,
} from './state-reader.ts';
import { applyWrite } from './state-writer.ts';

function isRecordWorker(): boolean {
  return !isMainThread && (workerData as { readonly role?: unknown } | null)?.role === 'record';
}

/** Body of the worker thread: opens the state file and answers requests one after the other until `close`. */
export function runRecordWorker(): void {
  assert(isRecordWorker() && parentPort !== null, 'this thread is the worker of the record');
  const port = parentPort;
  const data = workerData as RecordWorkerData;
  let raw: DatabaseSync;
  try {
    raw = openStateFile(data.directory);
  } catch (thrown) {
    respond(port, failed(openedId, thrown, 'opening the state file'));
    port.close();
    return;
  }
  const database = new Kysely<Tables>({ dialect: dialectOf(raw) });
  let queue: Promise<void> = Promise.resolve();
  port.on('message', (request: RecordRequest) => {
    queue = queue.then(async () => {
      try {
        const result = await handle(database, raw, request, data.faults);
        respond(port, { id: request.id, ok: true, body: JSON.stringify(result ?? null) });
      } catch (thrown) {
        respond(port, failed(request.id, thrown, doing[request.method]));
      }
      if (request.method === 'close') port.close();
    });
  });
  const last = raw.prepare('select coalesce(max(sequence), 0) as last from events').get();
  respond(port, { id: openedId, ok: true, body: String(last?.['last'] ?? 0) });
}

const doing: Readonly<Record<RecordMethod, string>> = {
  load: 'reading the state',
  write: 'writing the state',
  measure: 'writing measurements',
  events: 'reading events',
  measurements: 'reading measurements',
  rollouts: 'reading rollouts',
  close: 'closing the state file',
  stall: 'stalling',
  limitPages: 'limiting the state file',
};

async function handle(
  database: Kysely<Tables>,
  raw: DatabaseSync,
  request: RecordRequest,
  faults: boolean,
): Promise<unknown> {
  const body = JSON.parse(request.body);
  switch (request.method) {
    case 'load':
      return loadSnapshot(database);
    case 'write':
      return inTransaction(raw, () => applyWrite(database, body));
    case 'measure':
      return inTransaction(raw, () => insertMeasurements(database, body));
    case 'events':
      return readEvents(database, body);
    case 'measurements':
      return readMeasurements(database, body);
    case 'rollouts':
      return readRollouts(database, body.key, body.limit);
    case 'close':
      return database.destroy();
    case 'stall':
      assert(faults, 'faults are allowed');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, body);
      return null;
    case 'limitPages':
      assert(faults, 'faults are allowed');
      raw.exec(`pragma max_page_count = ${Number(body)}`);
      return null;
    default:
      return unreachable(request.method);
  }
}

/** All of it or nothing; durable when it returns. Some errors end the transaction by themselves, a full disk among them. */
async function inTransaction<Result>(raw: DatabaseSync, work: () => Promise<Result>): Promise<Result> {
  raw.exec('begin immediate');
  try {
    const result = await work();
    raw.exec('commit');
    return result;
  } catch (thrown) {
    if (raw.isTransaction) raw.exec('rollback');
    throw thrown;
  }
}

function failed(id: number, thrown: unknown, what: string): RecordResponse {
  const error = toRecordError(thrown, what);
  return { id, ok: false, code: error.code, message: error.message };
}

function respond(port: MessagePort, response: RecordResponse): void {
  port.postMessage(response);
}
