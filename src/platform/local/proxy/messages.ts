import type { FrontSpec } from '../../../resource/service-spec.ts';
import type { Arm } from '../../../rollout/effect.ts';

/**
 * The proxy has two masters, as a gateway on Kubernetes has. The keeper says which endpoints exist (its messages go over
 * the IPC channel of the fork, so they need the keeper alone); the engine says how requests are split (over the worker's
 * Unix socket). A worker that no engine ever told a route serves stable only.
 */
export interface Endpoint {
  /** Unique for ever: a restarted replica is another endpoint. */
  readonly id: string;
  readonly arm: Arm;
  readonly revision: string;
  readonly host: string;
  readonly port: number;
  /** `draining`: no new requests; what is in flight goes on. */
  readonly state: 'ready' | 'draining';
}

/**
 * Keeper → worker. `listen` carries the listening socket as its handle (`openListener`): bound by the keeper, which must
 * not accept on it itself. Order that loses nothing at a start: `front`, `endpoints`, then `listen`.
 */
export type KeeperToWorker =
  | { readonly kind: 'listen'; readonly listener: string; readonly key: string; readonly pinned: Arm | null }
  | { readonly kind: 'unlisten'; readonly listener: string }
  | { readonly kind: 'front'; readonly key: string; readonly front: FrontSpec }
  | {
      readonly kind: 'endpoints';
      readonly key: string;
      readonly version: number;
      readonly endpoints: readonly Endpoint[];
    }
  | { readonly kind: 'removeService'; readonly key: string }
  /** Stop accepting, finish what is in flight with `Connection: close`, then exit 0; at the limit exit anyway. */
  | { readonly kind: 'drain'; readonly limitMs: number };

/** Worker → keeper. */
export type WorkerToKeeper =
  /** Sent once: the control socket is open. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'listening'; readonly listener: string }
  | { readonly kind: 'endpointsInForce'; readonly key: string; readonly version: number }
  /** Requests and upgraded connections in flight of each draining endpoint; sent when one changes, at most every 50 ms. */
  | { readonly kind: 'inFlight'; readonly counts: Readonly<Record<string, number>> }
  | { readonly kind: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly message: string };

/** How requests of one service are split. Immutable; a change is a whole new one with a higher epoch. */
export interface ProxyRoute {
  readonly epoch: number;
  /** 0 to 100, any fraction; bucket = hash(salt, key) mod 10,000 < weight × 100. */
  readonly weightPercent: number;
  /** Requests that match `front.match` go to the canary, all others to stable (then weightPercent is 0). */
  readonly match: boolean;
  /** Percent of safe requests without a body (GET, HEAD) copied to the canary. */
  readonly mirrorPercent: number;
  readonly sticky: boolean;
  /** Rollout uid of a rollback's write: while it stands, a route of the same rollout with a weight above 0 is refused. */
  readonly tombstone: string | null;
  /** Rollout uid that wrote it; '' = none. Also the salt of the buckets. */
  readonly rollout: string;
  /** `stable` (default): without an engine for `unattendedMs` the weight falls to 0. `keep`: stable cannot serve, leave it. */
  readonly unattended: 'stable' | 'keep';
  readonly unattendedMs: number;
}

/**
 * Engine → worker: one JSON object a line (at most 64 KiB), answered in order by a line with the same `id`. Any line shows
 * that the engine lives; `ping` does only that. A service that the keeper has not named yet takes a route all the same.
 */
export type WorkerRequest =
  | { readonly id: number; readonly method: 'setRoute'; readonly key: string; readonly route: ProxyRoute }
  | { readonly id: number; readonly method: 'ping' }
  | { readonly id: number; readonly method: 'routes' }
  | { readonly id: number; readonly method: 'counters'; readonly key: string }
  | { readonly id: number; readonly method: 'closeStreams'; readonly key: string; readonly arm: Arm };

export type WorkerResponse =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  /** `stale-epoch`: a route with this or a higher epoch is in force; `tombstone`: see ProxyRoute. */
  | {
      readonly id: number;
      readonly ok: false;
      readonly error: 'stale-epoch' | 'tombstone' | 'unknown-service' | 'bad-request';
      readonly message: string;
    };

/** Result of `setRoute`: written and in force. A tombstone's write is never stale for its own rollout: it gets the next epoch. */
export interface SetRouteResult {
  readonly epoch: number;
}

/** Result of `routes`. A service that is not in it has no route: stable only. */
export interface WorkerRoutes {
  readonly worker: string;
  readonly routes: Readonly<Record<string, RouteInForce>>;
}

export interface RouteInForce {
  /** As it is applied: after the engine was away for too long, with weight 0 and neither match, mirror nor sticky. */
  readonly route: ProxyRoute;
  /** The engine was away for `unattendedMs`; stays until the next `setRoute`. */
  readonly unattended: boolean;
}

/** Result of `closeStreams`: how many were told to end. */
export interface CloseStreamsResult {
  readonly closed: number;
}

/** Result of `counters`: monotonic since the worker started. `worker` changes with each start, so a reset is seen. */
export interface WorkerCounters {
  readonly worker: string;
  readonly atMs: number;
  /** When these counters stood at 0, by the same clock as `atMs`. */
  readonly startedAtMs: number;
  readonly arms: Readonly<Record<Arm, ArmCounters>>;
  /** The copies that `mirrorPercent` sent to the canary. No user saw them; they are in no arm's counts. */
  readonly mirror: ArmCounters;
}

export interface ArmCounters {
  readonly requests: number;
  /** By status class; `failed` = no complete answer from the application (refused, reset, truncated, timed out). */
  readonly classes: Readonly<Record<'1xx' | '2xx' | '3xx' | '4xx' | '5xx' | 'failed' | 'clientGone', number>>;
  /** 5xx + failed. A retried attempt counts as an error of the arm that failed it. */
  readonly errors: number;
  readonly inFlight: number;
  readonly upgraded: number;
  readonly retries: number;
  /** Seconds from the request's first byte to the answer's last; bounds of `front.latencyBounds`; cumulative. */
  readonly latency: {
    readonly bounds: readonly number[];
    readonly cumulative: readonly number[];
    readonly sum: number;
  };
}
