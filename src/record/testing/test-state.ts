import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monotonicClock } from '../../engine/clock.ts';
import { type OpenOptions, type OpenRecord, openRecord } from '../open.ts';

/** A state directory that is gone after the test, with everything that was opened on it. */
export class TestState implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'sluice-record-'));
  readonly log: string[] = [];
  readonly #opened: OpenRecord[] = [];

  async open(more: Partial<OpenOptions> = {}): Promise<OpenRecord> {
    const { directory } = this;
    const log = (level: string, message: string): void => void this.log.push(`${level} ${message}`);
    const opened = await openRecord({ directory, clock: monotonicClock(0), log, faults: true, ...more });
    this.#opened.push(opened);
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of this.#opened) await opened.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
