import type { Commands } from '../engine/commands.ts';
import type { Recorder, ServiceKey } from '../engine/ports.ts';
import type { NameView } from '../resource/view.ts';
import type { Arm } from '../rollout/effect.ts';

/** A log file of one replica. */
export interface ReplicaLog {
  readonly arm: Arm;
  readonly revision: string;
  readonly replica: string;
  readonly path: string;
}

export interface NameRegistry {
  list(): readonly NameView[];
  /** Replaces an older entry of that name. */
  register(entry: NameView): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Everything the API touches, made by the composition root; tests make it of fakes. */
export interface ApiDependencies {
  readonly version: string;
  readonly pid: number;
  /** The state directory, for print. */
  readonly state: string;
  readonly startedAtMs: number;
  readonly nowMs: () => number;
  /** What callers must show: `Authorization: Bearer <token>`. */
  readonly token: string;
  readonly commands: Commands;
  readonly recorder: Pick<Recorder, 'events' | 'measurements' | 'subscribe'>;
  /** Sequence of the last durable event; 0 = none. */
  readonly lastSequence: () => number;
  readonly logs: (key: ServiceKey) => Promise<readonly ReplicaLog[]>;
  readonly names: NameRegistry;
  /** What keeps it from being ready, one sentence each; empty = ready. */
  readonly notReady: () => readonly string[];
  /** Ends the engine after the answer is sent; with `all`, also proxy and processes. */
  readonly stop: (all: boolean) => void;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
}
