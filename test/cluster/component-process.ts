import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** One program of a control plane: started, killed and started again with the same flags; its output is appended to one file. */
export class ComponentProcess {
  readonly name: string;
  readonly #command: readonly string[];
  readonly #logFile: string;
  #child: ChildProcess | null = null;
  #gone: Promise<void> = Promise.resolve();
  #ended: string | null = null;

  constructor(name: string, command: readonly string[], logFile: string) {
    this.name = name;
    this.#command = command;
    this.#logFile = logFile;
  }

  /** Null while it does not run. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  start(): void {
    if (this.#child !== null) throw new Error(`${this.name} runs already`);
    const [program = '', ...args] = this.#command;
    const log = openSync(this.#logFile, 'a');
    // A group of its own: a Ctrl-C in the terminal must not end it before whoever uses it is done.
    const child = spawn(program, args, { stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    this.#child = child;
    this.#ended = null;
    this.#gone = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#ended = how;
        this.#child = null;
        resolve();
      };
      child.once('error', (error) => end(error.message));
      child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal);
    await this.#gone;
    this.#ended = null;
  }

  /** How it ended by itself, with the end of its output; null if it did not. */
  failure(): string | null {
    if (this.#ended === null) return null;
    const lines = readFileSync(this.#logFile, 'utf8').trimEnd().split('\n').slice(-15);
    return `${this.name} ended (${this.#ended}):\n${lines.join('\n')}`;
  }
}
