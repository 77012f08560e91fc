import type { TextStream } from './host.ts';
import type { Format } from './global-options.ts';

/** One result in all the forms it can be asked for. */
export interface Result {
  /** Carries `schema` and `kind`; what json and yaml print. */
  readonly document: unknown;
  /** What jsonl prints, one a line; the document where that is one thing. */
  readonly items?: readonly unknown[];
  readonly text: () => readonly string[];
  /** Like text where it is not given. */
  readonly wide?: () => readonly string[];
  /** What `-o name` prints; nothing where nothing has a name. */
  readonly names?: () => readonly string[];
}

/** Results go to stdout, in the form that was asked for. */
export class Output {
  readonly format: Format;
  readonly #stream: TextStream;

  constructor(stream: TextStream, format: Format) {
    this.#stream = stream;
    this.format = format;
  }

  async result(result: Result): Promise<void> {
    switch (this.format) {
      case 'text':
        return this.lines(result.text());
      case 'wide':
        return this.lines((result.wide ?? result.text)());
      case 'name':
        return this.lines(result.names?.() ?? []);
      case 'json':
        return this.lines([JSON.stringify(result.document, null, 2)]);
      case 'jsonl':
        return this.lines((result.items ?? [result.document]).map((item) => JSON.stringify(item)));
      case 'yaml': {
        const { stringify } = await import('yaml');
        return this.lines([stringify(result.document).trimEnd()]);
      }
    }
  }

  lines(lines: readonly string[]): void {
    if (lines.length > 0) this.#stream.write(`${lines.join('\n')}\n`);
  }

  /** True where a program reads it: nothing but JSON or YAML may appear on stdout. */
  get isMachineReadable(): boolean {
    return this.format === 'json' || this.format === 'jsonl' || this.format === 'yaml';
  }
}
