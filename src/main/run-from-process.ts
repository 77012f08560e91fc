import { runCli } from '../cli/run-cli.ts';
import type { CliHost } from '../cli/host.ts';
import { localCommands } from './local-commands.ts';
import { examplesFolder } from './self-command.ts';
import { version } from './version.ts';

/** The command line on the real process: its streams, environment and signals. Sets the exit code; nothing is cut off. */
export async function runFromProcess(): Promise<void> {
  // A reader that closed the pipe (`sluice list | head -1`) is no error.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
  const host: CliHost = {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    version,
    examples: examplesFolder(),
    nowMs: () => Date.now(),
    onInterrupt,
    local: localCommands,
  };
  process.exitCode = await runCli(host);
}

/** The second Ctrl-C ends the process at once, whatever it waits for. */
function onInterrupt(listener: () => void): () => void {
  let told = false;
  const handler = (): void => {
    if (told) process.exit(130);
    told = true;
    listener();
  };
  process.on('SIGINT', handler);
  return () => process.off('SIGINT', handler);
}
