import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FrontSpec, ProcessTemplate } from '../../../resource/service-spec.ts';
import type { Arm } from '../../../rollout/effect.ts';
import type { RollParameters } from '../../../rollout/plan.ts';
import { SluiceError } from '../../../lib/error.ts';
import type { ReplicaRecord } from '../process/replica-record.ts';
import type { WorkerRecord } from './worker-info.ts';

/** What the keeper must know after its own death: what is to run, and what runs. */
export interface KeeperState {
  readonly version: 1;
  /** Of the machine's boot, and of the applications' life: it changes when they were all started anew. */
  readonly bootId: string;
  readonly services: readonly ServiceState[];
  readonly workers: readonly WorkerRecord[];
}

export interface ServiceState {
  readonly key: string;
  readonly front: FrontSpec;
  /** Ports of the listeners that reach one arm alone. */
  readonly pinnedPorts: Readonly<Record<Arm, number>>;
  readonly floor: number;
  /** What stable last ran in full with no canary beside it: what is started after a reboot. */
  readonly settledRevision: string | null;
  readonly arms: Readonly<Record<Arm, ArmState | null>>;
  /** By revision: of the arms, of the settled revision and of every replica. */
  readonly templates: Readonly<Record<string, ProcessTemplate>>;
  readonly replicas: readonly ReplicaRecord[];
}

export interface ArmState {
  readonly revision: string;
  readonly replicas: number;
  readonly roll: RollParameters;
}

/** null: there is none yet. Throws `state-newer`, or `state-unwritable` if it cannot be read. */
export function readKeeperState(path: string): KeeperState | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return null;
    throw new SluiceError({ code: 'state-unwritable', message: `${path} cannot be read`, cause: thrown });
  }
  const state = parse(text, path);
  if (state.version !== 1) {
    throw new SluiceError({
      code: 'state-newer',
      message: `${path} has version ${String(state.version)}, this is 1`,
    });
  }
  return state;
}

function parse(text: string, path: string): KeeperState {
  try {
    // Written by this program alone, as a whole or not at all.
    return JSON.parse(text) as KeeperState;
  } catch (thrown) {
    throw new SluiceError({
      code: 'state-unwritable',
      message: `${path} is not what a keeper writes`,
      cure: 'Move the file away; running applications are then ended and started anew.',
      cause: thrown,
    });
  }
}

/** Writes the newest state, one write at a time; changes that come meanwhile are one write. */
export class StateFile {
  readonly #path: string;
  readonly #collect: () => KeeperState;
  readonly #failed: (message: string) => void;
  #writing: Promise<void> | null = null;
  #dirty = false;
  #written = '';

  /** `collect` is asked for the state at the moment of writing. */
  constructor(path: string, collect: () => KeeperState, failed: (message: string) => void) {
    this.#path = path;
    this.#collect = collect;
    this.#failed = failed;
  }

  /** Resolves when what is true now is on the disk, or could not be written (which is told, and tried again with the next). */
  save(): Promise<void> {
    this.#dirty = true;
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  /** The last write: this state, and nothing after it. */
  async saveLast(state: KeeperState): Promise<void> {
    await this.#writing;
    await this.#write(state);
  }

  async #writeAll(): Promise<void> {
    // Several changes of one turn become one write.
    await Promise.resolve();
    while (this.#dirty) {
      this.#dirty = false;
      await this.#write(this.#collect());
    }
    this.#writing = null;
  }

  async #write(state: KeeperState): Promise<void> {
    const text = `${JSON.stringify(state)}\n`;
    if (text === this.#written) return;
    try {
      await writeDurably(this.#path, text);
      this.#written = text;
    } catch (thrown) {
      this.#failed(
        `${this.#path} cannot be written: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      );
    }
  }
}

/** A file is there as a whole or not at all, also after a loss of power: new file, fsync, rename, fsync of the folder. */
async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
