import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends processes when this one is gone, however it went: a shell keeps the last list of pids that it was told, and at the end of its input,
 * which the kernel closes for the dead, kills them.
 */
export class Leash {
  readonly #shell: ChildProcess;

  constructor() {
    const script =
      'held=; while read -r pids; do held=$pids; done; for pid in $held; do kill -KILL "$pid"; done';
    this.#shell = spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    this.#shell.unref();
    // Whoever killed the shell has the processes to end; writing to it is then no reason to die.
    this.#shell.stdin?.on('error', () => undefined);
  }

  /** A negative number is a process group, as in kill(2). */
  hold(pids: readonly (number | null)[]): void {
    this.#shell.stdin?.write(`${pids.filter((pid) => pid !== null).join(' ')}\n`);
  }

  /** Lets go of all that was held. */
  async release(): Promise<void> {
    const gone = new Promise((resolve) => this.#shell.once('exit', resolve));
    const over = this.#shell.exitCode !== null || this.#shell.signalCode !== null;
    this.#shell.ref();
    this.#shell.stdin?.end('\n');
    if (!over) await gone;
  }
}
