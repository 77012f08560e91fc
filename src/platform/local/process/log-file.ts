import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';

export interface LogLimits {
  readonly maxBytes: number;
  /** The file itself and the older ones, `.1` being the youngest of them. */
  readonly files: number;
}

const defaultLogLimits: LogLimits = { maxBytes: 10 * 1024 * 1024, files: 3 };

/**
 * A file that processes write to by an inherited descriptor, so that no reader of a pipe can ever block or lose them. It is
 * rotated by copy and truncate: the writers hold it open with O_APPEND and so go on at its new start.
 */
export class LogFile {
  readonly path: string;
  readonly #descriptor: number;
  readonly #limits: LogLimits;

  constructor(path: string, limits: LogLimits = defaultLogLimits) {
    this.path = path;
    this.#limits = limits;
    // Readable too, for the copy. `a` is O_APPEND, without which a truncated file would become sparse.
    this.#descriptor = openSync(path, 'a+', 0o600);
  }

  /** To hand to `spawn` as stdout and stderr. */
  get descriptor(): number {
    return this.#descriptor;
  }

  /** Rotates if the file is over its size. True if it was: a writer so busy is looked at again soon. */
  rotateIfFull(): boolean {
    const { size } = fstatSync(this.#descriptor);
    if (size < this.#limits.maxBytes) return false;
    for (let index = this.#limits.files - 1; index > 1; index -= 1) {
      try {
        renameSync(`${this.path}.${index - 1}`, `${this.path}.${index}`);
      } catch {
        // Not there yet.
      }
    }
    // Of a flood only the newest part is kept, and if the copy cannot be written the flood still ends.
    try {
      if (this.#limits.files > 1) writeFileSync(`${this.path}.1`, this.#tail(size), { mode: 0o600 });
    } finally {
      ftruncateSync(this.#descriptor, 0);
    }
    return true;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  remove(): void {
    for (let index = 0; index < this.#limits.files; index += 1) {
      rmSync(index === 0 ? this.path : `${this.path}.${index}`, { force: true });
    }
  }

  #tail(size: number): Buffer {
    const length = Math.min(size, this.#limits.maxBytes);
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(this.#descriptor, buffer, 0, length, size - length));
  }
}
