import type { ProcessIdentity } from '../process/identity.ts';

/** What the engine is told of a proxy worker. */
export interface WorkerInfo {
  readonly id: string;
  readonly pid: number;
  readonly socketPath: string;
  /** `starting`: its control socket is open, it accepts nothing yet. */
  readonly state: 'starting' | 'serving' | 'draining';
}

/** What the keeper writes down of a proxy worker. */
export interface WorkerRecord {
  readonly id: string;
  readonly identity: ProcessIdentity;
  readonly socketPath: string;
}
