/** Times after which a client, or a stream, is given up. Those of an application are in its `front`. */
export interface ProxyLimits {
  /** From a request head's first byte to its last; then 408. */
  readonly headTimeoutMs: number;
  /** Between two requests of a connection. Above the 60 s that load balancers in front keep theirs. */
  readonly idleTimeoutMs: number;
  /** Between two pieces of a request body; then 408. */
  readonly bodyTimeoutMs: number;
  /** Between two pieces of an answer under way. */
  readonly streamIdleMs: number;
  /** Of an upgraded connection on which nothing is said. */
  readonly tunnelIdleMs: number;
  /** How long what a client still sends is read and dropped after its connection's last answer. */
  readonly lingerMs: number;
  /** While draining: an idle connection is closed once it was idle for this long. */
  readonly drainIdleMs: number;
  /** `closeStreams` takes answers without a known length that are older than this. */
  readonly longStreamMs: number;
  /** Copies to the canary in flight; more are not made. */
  readonly mirrorsInFlight: number;
}

export const defaultLimits: ProxyLimits = {
  headTimeoutMs: 10_000,
  idleTimeoutMs: 75_000,
  bodyTimeoutMs: 30_000,
  streamIdleMs: 600_000,
  tunnelIdleMs: 3_600_000,
  lingerMs: 2_000,
  drainIdleMs: 2_000,
  longStreamMs: 10_000,
  mirrorsInFlight: 64,
};
