import { failure, ok, type Result } from '../lib/result.ts';
import { type LoadPlan, parseLoadCommand } from './load-plan.ts';
import { splitWords } from './words.ts';

/** What a task's metadata asks for, once it is judged. */
export type Task =
  | { readonly kind: 'load'; readonly command: string; readonly plan: LoadPlan; readonly logOutput: boolean }
  /** A program that whoever started the load tester allowed by name; run with these words, never by a shell. */
  | {
      readonly kind: 'program';
      readonly command: string;
      readonly words: readonly string[];
      readonly returnOutput: boolean;
    };

export interface Refusal {
  readonly message: string;
  readonly cure: string;
}

/** Reads `metadata` of a Flagger load-tester payload: `type` (default `cmd`) and `cmd`. `allowed`: whole command lines that may run. */
export function readTask(
  metadata: Readonly<Record<string, string>>,
  allowed: readonly string[],
): Result<Task, Refusal> {
  const { type = 'cmd', cmd = '' } = metadata;
  const command = cmd.trim();
  if (command === '')
    return failure({ message: 'metadata.cmd is missing', cure: 'Give metadata.cmd a hey command line.' });
  switch (type) {
    case 'cmd': {
      const plan = parseLoadCommand(command);
      if (plan.ok)
        return ok({
          kind: 'load',
          command,
          plan: plan.value,
          logOutput: metadata['logCmdOutput'] === 'true',
        });
      return allowedProgram(command, metadata, allowed, plan.error);
    }
    case 'bash':
    case 'helm':
    case 'helmv3':
    case 'kubectl':
      return allowedProgram(
        type === 'bash' ? command : `${type === 'helmv3' ? 'helm' : type} ${command}`,
        metadata,
        allowed,
        `metadata.type ${type} would run a command for whoever can reach this port`,
      );
    default:
      return failure({
        message: `metadata.type "${type}" is not known`,
        cure: 'Use type cmd with a hey command line, or a webhook of your own.',
      });
  }
}

function allowedProgram(
  command: string,
  metadata: Readonly<Record<string, string>>,
  allowed: readonly string[],
  why: string,
): Result<Task, Refusal> {
  if (!allowed.includes(command)) {
    return failure({
      message: why,
      cure: `If it is meant, start the load tester with --allow '${command}': exactly that program then runs with exactly those words, without a shell.`,
    });
  }
  const words = splitWords(command);
  if (!words.ok)
    return failure({ message: words.error, cure: 'Put it into a script and allow that script.' });
  return ok({
    kind: 'program',
    command,
    words: words.value,
    returnOutput: metadata['returnCmdOutput'] === 'true',
  });
}
