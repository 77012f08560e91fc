import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  bootId,
  isAlive,
  type ProcessIdentity,
  signalGroup,
  signalProcess,
} from '../../../src/platform/local/process/identity.ts';
import { spawnProcess } from '../../../src/platform/local/process/spawn-process.ts';
import { type Clock, sleep } from '../../../src/kube/clock.ts';
import type { ContainerCommand, RunningProcess } from './pod/container-host.ts';

/**
 * What a container runtime leaves beside a container when the kubelet goes: it ends the program when told to, and writes down how that
 * ended, so that a kubelet that is started again learns it. SIGUSR1 kills: it goes only after the program, whose address is then free. Its
 * first argument is the file.
 */
const shim = `
child= sent=
trap 'sent=TERM; test -n "$child" && kill -TERM "$child"' TERM
trap 'sent=KILL; test -n "$child" && kill -KILL "$child"' USR1
"$@" & child=$!
test -n "$sent" && kill -$sent "$child"
wait "$child"; code=$?
while test -n "$sent"; do sent=; wait "$child"; again=$?; test "$again" = 127 || code=$again; done
echo "$code" > "$0.new" && mv "$0.new" "$0"`;

/** Killed, and nobody wrote down how. */
const unknownExit = 137;
const pollMs = 50;

/** One run of a container: a process group that outlives the kubelet. */
export class ContainerProcess implements RunningProcess {
  readonly identity: ProcessIdentity;
  readonly exited: Promise<number>;

  private constructor(identity: ProcessIdentity, exited: Promise<number>) {
    this.identity = identity;
    this.exited = exited.then((exitCode) => {
      // What the program started may have outlived it.
      signalGroup(identity, 'SIGKILL');
      return exitCode;
    });
  }

  static async start(command: ContainerCommand, spawn = spawnProcess): Promise<ContainerProcess> {
    mkdirSync(command.folder, { recursive: true });
    const log = openSync(join(command.folder, `${command.attempt}.log`), 'a');
    const exitFile = exitFileOf(command);
    const started = await spawn({
      command: ['sh', '-c', shim, exitFile, ...command.argv],
      env: command.env,
      workingDir: command.cwd,
      logDescriptor: log,
    });
    closeSync(log);
    if (started.kind === 'failed') throw new Error(started.message);
    const { child } = started;
    // On a busy machine a short program may be over before we come to look.
    const identity = started.identity ?? { bootId: bootId(), pid: child.pid ?? 0, startTime: '' };
    const over = child.exitCode !== null || child.signalCode !== null;
    const gone = over
      ? Promise.resolve()
      : new Promise<void>((resolve) => child.once('exit', () => resolve()));
    return new ContainerProcess(
      identity,
      gone.then(() => exitCodeIn(exitFile)),
    );
  }

  static adopt(
    command: Pick<ContainerCommand, 'folder' | 'attempt'>,
    identity: ProcessIdentity,
    clock: Clock,
  ): ContainerProcess {
    const gone = async (): Promise<number> => {
      while (isAlive(identity)) await sleep(clock, pollMs);
      return exitCodeIn(exitFileOf(command));
    };
    return new ContainerProcess(identity, gone());
  }

  terminate(): void {
    signalProcess(this.identity, 'SIGTERM');
  }

  kill(): void {
    signalProcess(this.identity, 'SIGUSR1');
  }
}

function exitFileOf({ folder, attempt }: Pick<ContainerCommand, 'folder' | 'attempt'>): string {
  return join(folder, `${attempt}.exit`);
}

function exitCodeIn(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return unknownExit;
  }
}
