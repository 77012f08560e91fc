import { argument, type CommandFunction, usage } from '../command-options.ts';
import { completionScript, isShell, shells } from '../completion-script.ts';
import { createProgram } from '../program.ts';

export const run: CommandFunction = async (session, args) => {
  const shell = argument(args, 0);
  if (!isShell(shell)) throw usage(`"${shell}" is not one of ${shells.join(', ')}`);
  const program = createProgram(() => Promise.resolve());
  session.out.lines([completionScript(shell, program)]);
  await Promise.resolve();
  return 0;
};
