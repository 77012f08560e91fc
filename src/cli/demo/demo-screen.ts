import type { ServiceView } from '../../resource/view.ts';
import { FrameWriter } from '../live/frame-writer.ts';
import { changeLine } from '../render/change-line.ts';
import { serviceFrame } from '../render/frame.ts';
import { table } from '../render/table.ts';
import type { Session } from '../session.ts';
import { count } from '../terminal/format.ts';
import { formatPercentage } from '../../lib/percentage.ts';
import type { Tally } from './tally.ts';

/** What the demo shows while it runs: on a terminal one frame in place, elsewhere a line a change, with --json objects. */
export class DemoScreen {
  readonly #session: Session;
  readonly #frame: FrameWriter;
  readonly #json: boolean;
  #lastChange = '';
  #finished = false;

  constructor(session: Session, json: boolean) {
    this.#session = session;
    this.#json = json;
    this.#frame = new FrameWriter(session.progress);
  }

  /** A chapter of the story, which stays in the scrollback. */
  tell(kind: string, text: string, data: Readonly<Record<string, unknown>> = {}): void {
    if (this.#json) this.#session.out.lines([JSON.stringify({ kind, ...data })]);
    else this.#frame.note(text);
  }

  show(service: ServiceView, tally: Tally, chapter: string): void {
    if (this.#finished) return;
    const line = changeLine(service);
    if (this.#json) {
      if (line !== this.#lastChange) this.tell('change', '', { at: this.#session.host.nowMs(), line });
      this.#lastChange = line;
      return;
    }
    if (!this.#session.progress.animated) return this.#session.progress.change(line);
    const { progressStyle: style } = this.#session;
    const context = { style, nowMs: this.#session.host.nowMs() };
    this.#frame.show(
      [style.colors.bold(chapter), '', ...serviceFrame(service, context), '', ...tallyLines(tally)],
      line,
    );
  }

  /** The last frame stands, and no other comes. */
  finish(): void {
    this.#finished = true;
    this.rest();
  }

  /** The frame stands as it is, and what follows is written below it. */
  rest(): void {
    this.#frame.close();
  }
}

/** What the clients of the demo saw, by version. */
export function tallyLines(tally: Tally): readonly string[] {
  const rows = [...tally.versions]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([version, { requests, failed }]) => {
      const share = formatPercentage((failed / requests) * 100, failed === 0 ? undefined : 0);
      return [`  ${version}`, `${count(requests)} requests`, `${count(failed)} failed`, `(${share})`];
    });
  return ['  What the clients saw:', ...table(rows)];
}
