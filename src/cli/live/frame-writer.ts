import { createLogUpdate } from 'log-update';
import type { Progress } from '../progress.ts';

/** At most ten frames a second. */
const frameMs = 100;

/**
 * Draws a frame in place on a terminal, over the last one and nothing else, so scrollback stays; elsewhere writes the
 * change line once a change. The last frame is left standing.
 */
export class FrameWriter {
  readonly #progress: Progress;
  readonly #redraw: ReturnType<typeof createLogUpdate> | null;
  #drawnMs = 0;
  #pending: readonly string[] | null = null;

  constructor(progress: Progress) {
    this.#progress = progress;
    // log-update wants a WriteStream for its width; a TextStream has what it reads of it.
    this.#redraw = progress.animated
      ? createLogUpdate(progress.stream as NodeJS.WriteStream, { showCursor: true })
      : null;
  }

  show(frame: readonly string[], changeLine: string): void {
    if (this.#redraw === null) {
      this.#progress.change(changeLine);
      return;
    }
    const nowMs = performance.now();
    this.#pending = frame;
    if (nowMs - this.#drawnMs < frameMs) return;
    this.#drawnMs = nowMs;
    this.#draw();
  }

  /** A line that stays, above the frame, which is drawn again below it. */
  note(line: string): void {
    this.#redraw?.clear();
    this.#drawnMs = 0;
    this.#progress.line(line);
  }

  close(): void {
    this.#draw();
    this.#redraw?.done();
  }

  #draw(): void {
    if (this.#pending !== null) this.#redraw?.(this.#pending.join('\n'));
    this.#pending = null;
  }
}
