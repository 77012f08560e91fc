import type { Endpoint } from './messages.ts';
import { UpstreamConnection, type UpstreamUser } from './upstream-connection.ts';
import type { Watchdog } from './watchdog.ts';

/** Below the 5 s after which Node's own server closes an idle connection, and nearly every other server too. */
const defaultIdleMs = 4_000;
const maxIdleMs = 60_000;
/** A request that cannot be repeated takes a connection only if it was in use so lately that a close cannot be under way. */
const freshEnoughMs = 1_000;
const maxIdleConnections = 1_024;

const circuitFailures = 3;
const circuitFirstMs = 1_000;
const circuitMaxMs = 30_000;

/** One endpoint: its idle connections, what is in flight, and whether it is worth trying. */
export class EndpointPool {
  endpoint: Endpoint;
  inFlight = 0;
  upgraded = 0;
  readonly #watchdog: Watchdog;
  readonly #idle: UpstreamConnection[] = [];
  #failures = 0;
  #outUntilMs = 0;
  #outForMs = circuitFirstMs;
  #closed = false;

  constructor(endpoint: Endpoint, watchdog: Watchdog) {
    this.endpoint = endpoint;
    this.#watchdog = watchdog;
  }

  /** The circuit is closed, or its time out is over and one may try again. */
  isIn(nowMs: number): boolean {
    return nowMs >= this.#outUntilMs;
  }

  /**
   * A connection for one request: an idle one, or a new one that then calls `onConnected` or `onConnectFailed`.
   * `repeatable`: losing the race against a server that just closes the idle connection costs nothing.
   */
  acquire(
    user: UpstreamUser,
    nowMs: number,
    repeatable: boolean,
    connectTimeoutMs: number,
  ): UpstreamConnection {
    const limitMs = repeatable ? Number.POSITIVE_INFINITY : freshEnoughMs;
    const last = this.#idle.at(-1);
    if (last !== undefined && nowMs - last.idleSinceMs < Math.min(limitMs, last.idleLimitMs)) {
      this.#idle.pop();
      last.take(user);
      return last;
    }
    return this.connect(user, connectTimeoutMs);
  }

  /** A new connection, whatever is idle. */
  connect(user: UpstreamUser, connectTimeoutMs: number): UpstreamConnection {
    return new UpstreamConnection(this, user, this.#watchdog, connectTimeoutMs, defaultIdleMs);
  }

  /** False: it is not wanted, since nothing will be sent to this endpoint any more. */
  keep(connection: UpstreamConnection): boolean {
    if (this.#closed || this.endpoint.state !== 'ready' || this.#idle.length >= maxIdleConnections)
      return false;
    this.#idle.push(connection);
    return true;
  }

  forget(connection: UpstreamConnection): void {
    const at = this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  /** A second before the server's own limit, so that no request meets its close. */
  idleLimitFor(keepAliveSeconds: number): number {
    return Math.min(
      maxIdleMs,
      keepAliveSeconds <= 1 ? keepAliveSeconds * 500 : (keepAliveSeconds - 1) * 1_000,
    );
  }

  connectSucceeded(): void {
    this.#failures = 0;
    this.#outForMs = circuitFirstMs;
  }

  connectFailed(nowMs: number): void {
    this.#failures += 1;
    if (this.#failures < circuitFailures) return;
    this.#outUntilMs = nowMs + this.#outForMs;
    this.#outForMs = Math.min(this.#outForMs * 2, circuitMaxMs);
  }

  /** What is idle is closed; what is in flight goes on, and is closed after it. */
  closeIdle(forGood: boolean): void {
    this.#closed = forGood;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }
}
