import { PassThrough, Writable } from 'node:stream';
import type { CliHost, LocalCommands } from '../../src/cli/host.ts';

/** Keeps what is written to it. */
export class TextSink extends Writable {
  text = '';
  readonly isTTY = false;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

export interface FakeHost extends CliHost {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** What Ctrl-C does. */
  interrupt(): void;
}

const nothingLocal: LocalCommands = {
  up: () => Promise.resolve(0),
  startEngine: () => Promise.resolve(),
  stopRemains: () => Promise.resolve(false),
  load: () => Promise.resolve(0),
  steadyLoad: () => Promise.resolve(),
  loadtester: () => Promise.resolve(0),
  verifyAudit: () => Promise.resolve({ ok: true, records: 0, message: '' }),
  metricHistory: () => Promise.resolve({ blocks: [], resets: 0, notes: [] }),
  inspectPlatform: () => Promise.resolve([]),
};

/** A process that a test runs a command line in: streams that keep their text, no terminal. */
export function fakeHost(
  argv: readonly string[],
  parts: {
    readonly env?: CliHost['env'];
    readonly cwd?: string;
    readonly stdin?: string;
    readonly local?: Partial<LocalCommands>;
  } = {},
): FakeHost {
  const interrupts = new Set<() => void>();
  const stdin = new PassThrough();
  stdin.end(parts.stdin ?? '');
  return {
    argv,
    env: { HOME: '/home/ada', USER: 'ada', LANG: 'C.UTF-8', ...parts.env },
    cwd: parts.cwd ?? '/',
    stdin,
    stdout: new TextSink(),
    stderr: new TextSink(),
    version: '1.2.3',
    examples: '/examples',
    nowMs: () => Date.now(),
    onInterrupt: (listener) => {
      interrupts.add(listener);
      return () => interrupts.delete(listener);
    },
    interrupt: () => {
      for (const listener of interrupts) listener();
    },
    local: { ...nothingLocal, ...parts.local },
  };
}
