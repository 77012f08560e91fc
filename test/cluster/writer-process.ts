import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { eventually } from './eventually.ts';
import type { WriterLine, WriterOptions } from './elected-writer.ts';
import { Leash } from './leash.ts';

/** An elected writer in a process of its own, as a test sees it. */
export class WriterProcess {
  readonly name: string;
  readonly lines: WriterLine[] = [];
  /** What it wrote where it should not. */
  stderr = '';
  readonly #child: ChildProcess;
  readonly #leash = new Leash();
  readonly #gone: Promise<void>;

  constructor(options: WriterOptions) {
    this.name = options.name;
    const program = join(import.meta.dirname, 'elected-writer.ts');
    const child = spawn(process.execPath, [program, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#leash.hold([child.pid ?? null]);
    this.#gone = new Promise((resolve) => {
      child.once('close', () => resolve());
    });
    createInterface({ input: child.stdout }).on('line', (line) =>
      this.lines.push(JSON.parse(line) as WriterLine),
    );
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
  }

  of<Kind extends WriterLine['kind']>(kind: Kind): readonly Extract<WriterLine, { kind: Kind }>[] {
    return this.lines.filter((line): line is Extract<WriterLine, { kind: Kind }> => line.kind === kind);
  }

  /** Until it has told so many lines of the kind. */
  told(kind: WriterLine['kind'], count = 1): Promise<true> {
    return eventually(() => {
      if (this.stderr !== '') throw new Error(this.stderr);
      return this.of(kind).length >= count || null;
    });
  }

  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** As a deployment ends it; resolves when it has told its last line. */
  async terminate(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.gone();
  }

  async gone(): Promise<void> {
    await this.#gone;
    await this.#leash.release();
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.gone();
  }
}
