import type { LogFile } from './log-file.ts';

const calmMs = 1_000;
const busyMs = 50;

/** Looks after the size of all open log files with one timer: each second, and closer together while one is flooded. */
export class LogKeeping {
  readonly #files = new Set<LogFile>();
  #timer: NodeJS.Timeout | null = null;

  add(file: LogFile): void {
    this.#files.add(file);
    this.#timer ??= this.#later(calmMs);
  }

  /** Closes the file too. */
  drop(file: LogFile): void {
    if (this.#files.delete(file)) file.close();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const file of this.#files) this.drop(file);
  }

  #later(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#look(), delayMs).unref();
  }

  #look(): void {
    let busy = false;
    for (const file of this.#files) {
      try {
        busy = file.rotateIfFull() || busy;
      } catch {
        // A full or read-only disk must not end the keeper; the next look tries again.
      }
    }
    this.#timer = this.#files.size === 0 ? null : this.#later(busy ? busyMs : calmMs);
  }
}
