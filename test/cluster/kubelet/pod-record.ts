import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from '../../../src/platform/local/process/identity.ts';
import type { ContainerObservation, Pod } from './pod/pod.ts';

export interface ContainerRecord {
  readonly observation: ContainerObservation;
  /** Of the run that is under way, or the last one. */
  readonly identity: ProcessIdentity | null;
  readonly attempt: number;
}

/** What a kubelet that is started again needs to know of a pod. */
export interface PodRecord {
  readonly pod: Pod;
  readonly ip: string;
  readonly startTime: string;
  readonly containers: readonly ContainerRecord[];
}

/** One folder for each pod, named by its uid. */
export class PodFolders {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  of(uid: string): string {
    return join(this.#folder, uid);
  }

  write(record: PodRecord): void {
    const folder = this.of(record.pod.metadata.uid ?? '');
    mkdirSync(folder, { recursive: true });
    // Whole or not at all: the kubelet may be killed at any instant.
    writeFileSync(join(folder, 'record.json.new'), JSON.stringify(record));
    renameSync(join(folder, 'record.json.new'), join(folder, 'record.json'));
  }

  remove(uid: string): void {
    rmSync(this.of(uid), { recursive: true, force: true });
  }

  readAll(): readonly PodRecord[] {
    return readdirSync(this.#folder).flatMap((uid) => {
      const file = join(this.#folder, uid, 'record.json');
      return existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8')) as PodRecord] : [];
    });
  }
}
