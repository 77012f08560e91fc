/** Lines that one side pushes and the other reads, in order, at its own pace. */
export class LineStream implements AsyncIterable<string> {
  #lines: string[] = [];
  #ended = false;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;
  readonly #onClose: () => void;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  push(line: string): void {
    if (this.#ended) return;
    this.#lines.push(line);
    this.#wake?.();
  }

  /** After the lines so far. With an error, the reader gets that at the end. */
  end(failure: Error | null = null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#onClose();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    try {
      for (;;) {
        const lines = this.#lines;
        this.#lines = [];
        yield* lines;
        if (this.#lines.length > 0) continue;
        if (this.#ended) break;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = null;
      }
      if (this.#failure !== null) throw this.#failure;
    } finally {
      this.end();
    }
  }
}
