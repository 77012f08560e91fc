import { Worker } from 'node:worker_threads';
import { SluiceError } from '../lib/error.ts';
import {
  openedId,
  type RecordMethod,
  type RecordRequest,
  type RecordResponse,
  type RecordWorkerData,
} from './messages.ts';

interface Waiting {
  readonly resolve: (body: unknown) => void;
  readonly reject: (error: SluiceError) => void;
}

/**
 * The engine's side of the worker thread: requests are answered in order, and nothing here waits for the disk. A worker
 * that dies fails what it was asked (outcome unknown, so retry) and is started anew at the next request.
 */
export class WorkerClient {
  readonly #entryUrl: URL;
  readonly #data: RecordWorkerData;
  #worker: Worker | null = null;
  #waiting = new Map<number, Waiting>();
  #lastId: number = openedId;
  #closed = false;

  constructor(entryUrl: URL, data: RecordWorkerData) {
    this.#entryUrl = entryUrl;
    this.#data = data;
  }

  /** Resolves when the state file is open and locked, with the sequence of its last event (0: none). */
  async open(): Promise<number> {
    return this.#start();
  }

  async request<Result>(method: RecordMethod, body: unknown = null): Promise<Result> {
    if (this.#closed)
      throw new SluiceError({ code: 'state-unwritable', message: 'the state file is closed' });
    // Text at once: the caller may go on to change what it gave.
    const text = JSON.stringify(body);
    if (this.#worker === null) await this.#start();
    const worker = this.#worker;
    if (worker === null) throw lost('it ended while it started');
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = this.#wait(id);
    worker.postMessage({ id, method, body: text } satisfies RecordRequest, []);
    return (await answer) as Result;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const worker = this.#worker;
    if (worker === null) {
      this.#closed = true;
      return;
    }
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const closing = this.request('close');
    this.#closed = true;
    // Whatever goes wrong while closing, what was answered before is on disk.
    await closing.catch(() => {});
    await ended;
  }

  #starting: Promise<number> | null = null;

  #start(): Promise<number> {
    this.#starting ??= this.#startWorker().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  async #startWorker(): Promise<number> {
    const worker = new Worker(this.#entryUrl, { workerData: this.#data, execArgv: [], name: 'record' });
    const opened = this.#wait(openedId);
    let why = 'it ended';
    worker.on('message', (response: RecordResponse) => this.#settle(response));
    worker.on('error', (error) => {
      why = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = null;
      this.#rejectAll(lost(why));
    });
    const lastSequence = await opened;
    this.#worker = worker;
    return Number(lastSequence);
  }

  #wait(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
  }

  #settle(response: RecordResponse): void {
    const waiting = this.#waiting.get(response.id);
    this.#waiting.delete(response.id);
    if (response.ok) waiting?.resolve(JSON.parse(response.body));
    else waiting?.reject(new SluiceError({ code: response.code, message: response.message }));
  }

  #rejectAll(error: SluiceError): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}

function lost(why: string): SluiceError {
  return new SluiceError({
    code: 'state-unwritable',
    message: `the thread that writes the state was lost: ${why}`,
  });
}
