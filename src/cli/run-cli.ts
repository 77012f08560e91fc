import { type Command, CommanderError } from 'commander';
import { exitCodes } from './exit-codes.ts';
import { readGlobalOptions } from './global-options.ts';
import type { CliHost } from './host.ts';
import { printError } from './print-error.ts';
import { createProgram, type Invocation } from './program.ts';
import { Session } from './session.ts';

/** Runs one command line and returns the exit code; never rejects. */
export async function runCli(host: CliHost): Promise<number> {
  let exit: number = exitCodes.reached.code;
  const program = createProgram(async (invocation) => {
    exit = await runCommand(host, invocation);
  });
  quietly(program, host);
  if (host.argv.length === 0) {
    program.outputHelp();
    return exitCodes.reached.code;
  }
  try {
    await program.parseAsync([...host.argv], { from: 'user' });
    return exit;
  } catch (thrown) {
    if (thrown instanceof CommanderError)
      return thrown.exitCode === 0 ? exitCodes.reached.code : exitCodes.usage.code;
    return printError(thrown, new Session(host, readGlobalOptions(program)));
  }
}

async function runCommand(host: CliHost, { command, args, options, load }: Invocation): Promise<number> {
  const session = new Session(host, readGlobalOptions(command));
  try {
    const { run } = await load();
    return await run(session, args, { ...options, command: command.name() });
  } catch (thrown) {
    return printError(thrown, session);
  }
}

/** Makes commander write where the host says and throw instead of ending the process. */
function quietly(command: Command, host: CliHost): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => void host.stdout.write(text),
    writeErr: (text) => void host.stderr.write(text),
  });
  for (const child of command.commands) quietly(child, host);
}
