import { createInterface } from 'node:readline/promises';
import type { Session } from './session.ts';

/** Asks on stderr; without a terminal or with `--no-input` the answer is no, with `--yes` it is yes. */
export async function confirm(session: Session, question: string): Promise<boolean> {
  const { options, host } = session;
  if (options.yes) return true;
  if (!options.input || host.stdin.isTTY !== true || host.stderr.isTTY !== true) return false;
  const terminal = createInterface({ input: host.stdin, output: host.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
