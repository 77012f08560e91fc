import { type Clock, sleep } from '../../../../src/kube/clock.ts';
import type { ProcessIdentity } from '../../../../src/platform/local/process/identity.ts';
import { aborted } from './aborted.ts';
import type {
  ContainerCommand,
  ContainerHost,
  HandlerResult,
  HandlerTarget,
  RunningProcess,
} from './container-host.ts';

type Handler = Parameters<ContainerHost['handle']>[0];

class FakeProcess implements RunningProcess {
  readonly identity: ProcessIdentity;
  readonly exited: Promise<number>;
  readonly #say: (what: string) => void;
  readonly #onTerminate: (end: (exitCode: number) => void) => void;
  #end: (exitCode: number) => void = () => undefined;

  constructor(
    identity: ProcessIdentity,
    say: (what: string) => void,
    onTerminate: (end: (exitCode: number) => void) => void,
  ) {
    this.identity = identity;
    this.#say = say;
    this.#onTerminate = onTerminate;
    this.exited = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  end(exitCode: number): void {
    this.#end(exitCode);
  }

  terminate(): void {
    this.#say('TERM');
    this.#onTerminate(this.#end);
  }

  kill(): void {
    this.#say('KILL');
    this.#end(137);
  }
}

/** A machine in virtual time: programs run until told otherwise, probes and hooks are named by the path of their GET. */
export class FakeHost implements ContainerHost {
  /** The path `hang` never answers. */
  answer: (path: string) => HandlerResult = () => null;
  onHandle: (path: string) => void = () => undefined;
  say: (what: string) => void = () => undefined;
  /** How long a program runs by itself, and its exit code; null: for ever. */
  life: (attempt: number) => { readonly ms: number; readonly exitCode: number } | null = () => null;
  /** After SIGTERM; null: never. */
  drainMs: number | null = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async start({ attempt, argv }: ContainerCommand): Promise<RunningProcess> {
    this.say(`starts ${argv.join(' ')}`);
    return this.#run(attempt, { bootId: 'b', pid: 100 + attempt, startTime: String(attempt) });
  }

  adopt({ attempt }: Pick<ContainerCommand, 'attempt'>, identity: ProcessIdentity): RunningProcess {
    this.say(`adopts ${identity.pid}`);
    return this.#run(attempt, identity);
  }

  async handle(handler: Handler, _: HandlerTarget, signal: AbortSignal): Promise<HandlerResult> {
    const path = handler.httpGet?.path ?? '';
    this.onHandle(path);
    if ('sleep' in handler && handler.sleep !== undefined) {
      await sleep(this.#clock, handler.sleep.seconds * 1000, signal);
      return null;
    }
    if (path !== 'hang') return this.answer(path);
    await aborted(signal);
    return 'aborted';
  }

  #run(attempt: number, identity: ProcessIdentity): RunningProcess {
    const clock = this.#clock;
    const process = new FakeProcess(identity, this.say, (end) => {
      if (this.drainMs !== null) clock.at(clock.nowMs() + this.drainMs, () => end(0));
    });
    const life = this.life(attempt);
    if (life !== null) clock.at(clock.nowMs() + life.ms, () => process.end(life.exitCode));
    return process;
  }
}
