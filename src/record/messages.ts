import type { ErrorCode } from '../lib/error-codes.ts';

/** What a worker is started with. The role tells a bundle, which is one file, which part of it to run. */
export interface RecordWorkerData {
  readonly role: 'record';
  readonly directory: string;
  /** Allows `stall` and `limitPages`, with which tests and benches make a disk slow or full. */
  readonly faults: boolean;
}

export type RecordMethod =
  | 'load'
  | 'write'
  | 'measure'
  | 'events'
  | 'measurements'
  | 'rollouts'
  | 'close'
  | 'stall'
  | 'limitPages';

/** Bodies are JSON text: one copy between the threads, and nothing that JSON does not know can slip in. */
export interface RecordRequest {
  readonly id: number;
  readonly method: RecordMethod;
  readonly body: string;
}

export type RecordResponse =
  | { readonly id: number; readonly ok: true; readonly body: string }
  | { readonly id: number; readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** Id of the first response: whether the state file is open; its body is the sequence of the last event. */
export const openedId = 0;
