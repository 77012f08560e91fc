import type { ErrorCode } from '../../../lib/error-codes.ts';
import type { FrontSpec, ProcessTemplate } from '../../../resource/service-spec.ts';
import type { Arm } from '../../../rollout/effect.ts';
import type { RollParameters } from '../../../rollout/plan.ts';
import type { ReplicaStatus } from '../process/replica-record.ts';
import type { WorkerInfo } from './worker-info.ts';

/**
 * Between the engine and the keeper: JSON, one object a line, over the Unix socket `keeper.sock`. A request is answered by a
 * line with its `id`; lines without an id are events. After `subscribe` the whole picture comes as events first, then each change.
 */
export const keeperProtocolVersion = 1;

/** What an arm is to be. The keeper makes it so, as a Deployment would. */
export interface ArmSpec {
  readonly key: string;
  readonly arm: Arm;
  readonly revision: string;
  readonly replicas: number;
  readonly template: ProcessTemplate;
  readonly roll: RollParameters;
}

export type KeeperRequestBody =
  | { readonly method: 'subscribe' }
  /** Opens the sockets; result `ServiceNames`. Errors: `port-in-use`, `port-forbidden`. */
  | { readonly method: 'ensureService'; readonly key: string; readonly front: FrontSpec }
  /** Answered when arms are stopped and sockets closed. */
  | { readonly method: 'removeService'; readonly key: string }
  /** Answered when it is written down. */
  | ({ readonly method: 'setArm' } & ArmSpec)
  | { readonly method: 'setFloor'; readonly key: string; readonly replicas: number }
  /** The engine has told this worker all routes: it may begin to accept. */
  | { readonly method: 'workerRouted'; readonly worker: string }
  /** SIGKILL to a worker that does not answer; a new one is started. */
  | { readonly method: 'killWorker'; readonly worker: string }
  /** New workers on the same sockets, then the old ones drain. Answered when the old ones are gone. */
  | { readonly method: 'reloadWorkers' }
  /** Workers drain, then applications stop, then the keeper ends. Answered just before that. */
  | { readonly method: 'shutdown' };

export type KeeperRequest = KeeperRequestBody & { readonly id: number };

export type KeeperResponse =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly id: number; readonly ok: false; readonly code: ErrorCode; readonly message: string };

export type KeeperEvent =
  /** First after `subscribe`. */
  | { readonly event: 'hello'; readonly version: number; readonly pid: number; readonly bootId: string }
  | { readonly event: 'serviceChanged'; readonly key: string; readonly names: ServiceNames }
  | { readonly event: 'serviceRemoved'; readonly key: string }
  | { readonly event: 'armChanged'; readonly key: string; readonly status: ArmStatus }
  | { readonly event: 'workersChanged'; readonly workers: readonly WorkerInfo[] }
  /** Ends the first picture. */
  | { readonly event: 'synced' };

/** Where a service is reached, `host:port`: by its front, and each arm alone for hooks and load. */
export interface ServiceNames {
  readonly front: string;
  readonly stable: string;
  readonly canary: string;
}

export interface ArmStatus {
  readonly arm: Arm;
  readonly revision: string | null;
  /** As set, whatever the floor is. */
  readonly replicas: number;
  readonly floor: number;
  readonly ready: number;
  /** Ready for minReadySeconds, and the endpoint in force in every worker. */
  readonly available: number;
  readonly readyOfOtherRevisions: number;
  readonly restarts: number;
  readonly failure: string | null;
  /** All that still exist, of any revision. */
  readonly list: readonly ReplicaStatus[];
}
