import type { TextStream } from './host.ts';

export interface ProgressOptions {
  readonly stream: TextStream;
  readonly quiet: boolean;
  /** May lines be redrawn in place? */
  readonly animated: boolean;
  readonly nowMs: () => number;
}

/** CI systems end a job that is silent for long. */
const heartbeatMs = 60_000;

/** What is told while something goes on: on stderr, one timestamped line a change and a sign of life every minute. */
export class Progress {
  readonly animated: boolean;
  readonly #options: ProgressOptions;
  #lastLine: string | null = null;
  #lastWriteMs: number;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.animated = options.animated && !options.quiet;
    this.#lastWriteMs = options.nowMs();
  }

  get stream(): TextStream {
    return this.#options.stream;
  }

  get quiet(): boolean {
    return this.#options.quiet;
  }

  /** A message as it is. */
  line(text: string): void {
    if (!this.#options.quiet) this.#options.stream.write(`${text}\n`);
  }

  /** A timestamped line, if it says something new; otherwise a sign of life when the last line is a minute old. */
  change(text: string): void {
    if (text === this.#lastLine) this.heartbeat(text);
    else this.#write(text);
    this.#lastLine = text;
  }

  /** Says that it still is so, if nothing was written for a minute. */
  heartbeat(text: string): void {
    if (this.#options.nowMs() - this.#lastWriteMs >= heartbeatMs) this.#write(`still: ${text}`);
  }

  #write(text: string): void {
    const nowMs = this.#options.nowMs();
    this.#lastWriteMs = nowMs;
    this.line(`${new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z')} ${text}`);
  }
}
