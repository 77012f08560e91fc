import type { ProxyContext } from './context.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import { upstreamHead } from './forwarding.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';
import type { Service } from './service.ts';
import type { Broken, UpstreamConnection, UpstreamUser } from './upstream-connection.ts';
import type { Watched } from './watchdog.ts';

/** More of an answer that nobody reads is not worth its way. */
const maxAnswerBytes = 1024 * 1024;

/** Sends a copy of a safe request without a body to the canary, if the dice and the bounds say so. */
export function sendMirror(
  context: ProxyContext,
  service: Service,
  head: RequestHead,
  address: string,
): void {
  const { route } = service;
  if (route === null || (head.method !== 'GET' && head.method !== 'HEAD')) return;
  if (head.framing.kind !== 'none' || head.upgrade !== '') return;
  if (service.mirror.inFlight >= context.limits.mirrorsInFlight || Math.random() * 100 >= route.mirrorPercent)
    return;
  const now = performance.now();
  const pool = service.pick('canary', now, false, null);
  if (pool !== null)
    new Mirror(context, service, pool, upstreamHead(head, address, pool.endpoint.host), head.method).start(
      now,
    );
}

/** A copy whose answer is read, counted apart, and dropped. */
class Mirror implements UpstreamUser, Watched {
  deadlineMs: number;
  readonly method: string;
  readonly dechunk = false;
  readonly upgrade = false;
  readonly #context: ProxyContext;
  readonly #service: Service;
  readonly #pool: EndpointPool;
  readonly #text: string;
  readonly #startedMs: number;
  #connection: UpstreamConnection | null = null;
  #status = 0;
  #bytes = 0;

  constructor(context: ProxyContext, service: Service, pool: EndpointPool, head: string, method: string) {
    this.#context = context;
    this.#service = service;
    this.#pool = pool;
    this.#text = head.replace(/\r\n\r\n$/, '\r\nX-Sluice-Mirror: true\r\n\r\n');
    this.method = method;
    this.#startedMs = performance.now();
    this.deadlineMs = this.#startedMs + service.front.responseTimeoutMs;
  }

  start(nowMs: number): void {
    this.#service.mirror.inFlight += 1;
    this.#pool.inFlight += 1;
    this.#context.watchdog.add(this);
    this.#connection = this.#pool.acquire(this, nowMs, false, this.#service.front.connectTimeoutMs);
    if (this.#connection.reused) this.onConnected();
  }

  onConnected(): void {
    this.#connection?.socket.write(this.#text, 'latin1');
  }

  onConnectFailed(): void {
    this.#end('failed');
  }

  onHead(head: ResponseHead): void {
    this.#status = head.status;
  }

  onBody(data: Buffer): void {
    this.#bytes += data.length;
    if (this.#bytes <= maxAnswerBytes) return;
    this.#connection?.destroy();
    this.#end(this.#status);
  }

  onEnd(): void {
    const connection = this.#connection;
    this.#end(this.#status);
    connection?.release(performance.now());
  }

  onSwitched(): void {
    this.#end('failed');
  }

  onBroken(_why: Broken): void {
    this.#end('failed');
  }

  onDrain(): void {}

  onPause(): void {}

  expire(): void {
    this.#connection?.destroy();
    this.#end('failed');
  }

  #end(ending: number | 'failed'): void {
    if (this.#connection === null) return;
    this.#connection = null;
    this.#context.watchdog.remove(this);
    this.#pool.inFlight -= 1;
    this.#context.inFlight.changed(this.#pool);
    this.#service.mirror.inFlight -= 1;
    this.#service.mirror.count(ending, (performance.now() - this.#startedMs) / 1_000);
  }
}
