import type { LifecycleHandler, Probe } from 'kubernetes-types/core/v1.js';
import type { ProcessIdentity } from '../../../../src/platform/local/process/identity.ts';
import type { Container } from './pod.ts';

export interface ContainerCommand {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where it runs. */
  readonly cwd: string;
  /** For its exit code and its log. */
  readonly folder: string;
  /** Of this run of the container: 0, 1, … */
  readonly attempt: number;
}

/** One run of a container. */
export interface RunningProcess {
  readonly identity: ProcessIdentity;
  /** Resolves with the exit code, 128 + the number of the signal that ended it. Nothing that it started is left then. */
  readonly exited: Promise<number>;
  terminate(): void;
  kill(): void;
}

/** Where the probes and hooks of a container find it. */
export interface HandlerTarget {
  readonly container: Container;
  readonly ip: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Null: success; else what went wrong. */
export type HandlerResult = string | null;

/** What a container needs of the machine. */
export interface ContainerHost {
  /** Rejects where nothing can be started at all; a program that does not exist ends with 127. */
  start(command: ContainerCommand): Promise<RunningProcess>;
  /** One that an earlier kubelet started, alive or not. */
  adopt(command: Pick<ContainerCommand, 'folder' | 'attempt'>, identity: ProcessIdentity): RunningProcess;
  /** Does what a probe or a hook says, until it is done or the signal is aborted. */
  handle(
    handler: Probe | LifecycleHandler,
    target: HandlerTarget,
    signal: AbortSignal,
  ): Promise<HandlerResult>;
}
