import type { Arm } from '../../../rollout/effect.ts';
import type { ProcessIdentity } from './identity.ts';

/** What the keeper writes down of a replica, so that a later keeper finds its process. Plain JSON. */
export interface ReplicaRecord {
  readonly id: string;
  readonly arm: Arm;
  readonly revision: string;
  readonly port: number;
  /** null: no process at this moment. */
  readonly identity: ProcessIdentity | null;
  readonly starts: number;
  readonly restarts: number;
  readonly ready: boolean;
  readonly stopping: boolean;
  readonly log: string;
}

/** What is told about a replica. */
export interface ReplicaStatus {
  readonly id: string;
  readonly arm: Arm;
  readonly revision: string;
  /** `waiting`: for its next start after it ended. */
  readonly phase: 'starting' | 'running' | 'waiting' | 'stopping';
  readonly ready: boolean;
  readonly pid: number | null;
  readonly port: number;
  /** By crash or a failed liveness or startup probe. */
  readonly restarts: number;
  /** It cannot get there: start failed or crash loop. */
  readonly failure: string | null;
  /** Why it ended or is not ready, the last time. */
  readonly message: string;
  /** File of its stdout and stderr. */
  readonly log: string;
}
