import { userInfo } from 'node:os';
import { SluiceClient } from '../client/client.ts';
import { SluiceError } from '../lib/error.ts';
import type { GlobalOptions } from './global-options.ts';
import type { CliHost } from './host.ts';
import { Output } from './output.ts';
import { Progress } from './progress.ts';
import type { RenderContext } from './render/context.ts';
import { stateDirectory } from './state-directory.ts';
import { animationWanted, type Style, styleFor } from './terminal/style.ts';

/** One run of the command: where it reads and writes, and how to reach the engine. */
export class Session {
  readonly host: CliHost;
  readonly options: GlobalOptions;
  readonly state: string;
  readonly out: Output;
  readonly progress: Progress;
  /** For stdout; progress has its own, since the two streams are judged apart. */
  readonly style: Style;
  readonly progressStyle: Style;
  #client: SluiceClient | null = null;

  constructor(host: CliHost, options: GlobalOptions) {
    this.host = host;
    this.options = options;
    this.state = stateDirectory(options.state, host.env, host.cwd);
    const style = (isTty: boolean): Style => styleFor({ env: host.env, isTty, noColorFlag: !options.color });
    this.style = style(host.stdout.isTTY === true);
    this.progressStyle = style(host.stderr.isTTY === true);
    this.out = new Output(host.stdout, options.output);
    this.progress = new Progress({
      stream: host.stderr,
      quiet: options.quiet,
      animated:
        options.progress === 'tty' || (options.progress === 'auto' && animationWanted(host.env, host.stderr)),
      nowMs: () => host.nowMs(),
    });
  }

  get client(): SluiceClient {
    this.#client ??= SluiceClient.of(this.state, {
      actor: actorOf(this.host.env),
      ...(this.options.debug ? { onRequest: (line: string) => this.progress.line(line) } : {}),
    });
    return this.#client;
  }

  /** For what is printed on stdout. */
  context(nowMs: number): RenderContext {
    return { style: this.style, nowMs };
  }

  /**
   * Runs something that Ctrl-C ends at once: the work itself is the engine's and goes on. Throws SluiceError
   * `interrupted`, with `hint` as what to do next.
   */
  async interruptible<Value>(hint: string, task: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
    const end = new AbortController();
    const cancel = this.host.onInterrupt(() => end.abort());
    try {
      const value = await task(end.signal);
      if (!end.signal.aborted) return value;
    } catch (thrown) {
      if (!end.signal.aborted) throw thrown;
    } finally {
      cancel();
    }
    throw new SluiceError({ code: 'interrupted', message: 'detached; what was begun goes on', cure: hint });
  }
}

/** Who the record shows: the pipeline's name under CI, else the user of the machine. */
export function actorOf(env: CliHost['env']): string {
  const kind = env['CI'] === undefined || env['CI'] === '' ? 'person' : 'pipeline';
  const named =
    env['SLUICE_ACTOR'] ??
    (kind === 'pipeline' ? (env['GITHUB_ACTOR'] ?? env['GITLAB_USER_LOGIN']) : undefined);
  const name = named ?? env['SUDO_USER'] ?? env['USER'] ?? systemUser();
  return `${kind}:${name.replaceAll(/[^\w.@+-]/g, '-').slice(0, 100) || 'unknown'}`;
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id that has no name.
    return 'unknown';
  }
}
