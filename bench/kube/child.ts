import { type ChildProcess, fork } from 'node:child_process';

/** What a child process does when asked, by name. Inputs and results are JSON. */
export type Commands = Readonly<Record<string, (input: never) => unknown>>;

interface Question {
  readonly id: number;
  readonly command: string;
  readonly input: unknown;
}

type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

/** A process of a bench: what is measured in it shares neither heap nor event loop with what is measured elsewhere. */
export interface Child<Known extends Commands> {
  readonly pid: number;
  call<Name extends keyof Known & string>(
    command: Name,
    ...input: Parameters<Known[Name]>
  ): Promise<Awaited<ReturnType<Known[Name]>>>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves when it is gone, whoever ended it. */
  readonly gone: Promise<void>;
  stop(): Promise<void>;
}

/** Starts a file of this folder that ends in a call of `answerCommands`. `gc()` is there in it. */
export function startChild<Known extends Commands>(file: string, args: readonly string[] = []): Child<Known> {
  const child = fork(new URL(file, import.meta.url), args, {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let asked = 0;
  child.on('message', (answer: Answer) => {
    const caller = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) caller?.reject(new Error(`${file}: ${answer.error}`));
    else caller?.resolve(answer.value);
  });
  void gone.then(() => {
    for (const caller of waiting.values()) caller.reject(new Error(`${file} ended before it had answered`));
  });
  return {
    pid: child.pid ?? 0,
    gone,
    call: (command, ...[input]) => {
      const caller = Promise.withResolvers<unknown>();
      asked += 1;
      waiting.set(asked, caller);
      child.send({ id: asked, command, input } satisfies Question);
      return caller.promise as never;
    },
    signal: (signal) => void child.kill(signal),
    stop: () => end(child, gone),
  };
}

/** In the child: answers until the parent is gone. */
export function answerCommands(commands: Commands): void {
  process.on('message', (question: Question) => {
    void answer(commands, question).then((said) => process.send?.(said));
  });
  process.on('disconnect', () => process.exit(0));
}

async function answer(commands: Commands, { id, command, input }: Question): Promise<Answer> {
  try {
    return { id, value: await commands[command]?.(input as never) };
  } catch (thrown) {
    return { id, error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
  }
}

async function end(child: ChildProcess, gone: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await gone;
}
