import * as net from 'node:net';
import { BodyReader } from './body-reader.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import { parseResponseHead, type ResponseHead } from './response-head.ts';
import type { Watchdog, Watched } from './watchdog.ts';

const maxResponseHeadBytes = 64 * 1024;

/** Why an answer did not come to its end. */
export type Broken = 'closed' | 'reset' | 'bad-answer';

/** Whoever uses a connection for one request. */
export interface UpstreamUser {
  readonly method: string;
  readonly dechunk: boolean;
  readonly upgrade: boolean;
  onConnected(): void;
  onConnectFailed(): void;
  /** Also for each 1xx before the answer itself. */
  onHead(head: ResponseHead): void;
  onBody(data: Buffer): void;
  onEnd(): void;
  /** 101: `rest` came behind the head; from now on the socket is the user's alone. */
  onSwitched(head: ResponseHead, rest: Buffer): void;
  onBroken(why: Broken): void;
  /** What was written is on its way, after `send` gave false. */
  onDrain(): void;
  /** All bytes that are there now were handed on. */
  onPause(): void;
}

/** One connection to one endpoint, for one request at a time. */
export class UpstreamConnection implements Watched {
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly pool: EndpointPool;
  readonly socket: net.Socket;
  /** It served a request before. */
  reused = false;
  idleSinceMs = 0;
  /** Any byte of the current answer came. */
  answered = false;
  /** The last answer left the connection fit for another request. */
  keepAlive = false;
  /** For how long it may be idle. */
  idleLimitMs: number;
  #user: UpstreamUser | null;
  #connected = false;
  #watchdog: Watchdog;
  #pendingHead: Buffer | null = null;
  #body: BodyReader | null = null;

  constructor(
    pool: EndpointPool,
    user: UpstreamUser,
    watchdog: Watchdog,
    connectTimeoutMs: number,
    idleLimitMs: number,
  ) {
    this.pool = pool;
    this.#user = user;
    this.#watchdog = watchdog;
    this.idleLimitMs = idleLimitMs;
    this.deadlineMs = performance.now() + connectTimeoutMs;
    watchdog.add(this);
    const { host, port } = pool.endpoint;
    const socket = net.connect({ host, port, noDelay: true, allowHalfOpen: true });
    this.socket = socket;
    socket.on('connect', () => {
      this.#connected = true;
      this.deadlineMs = Number.POSITIVE_INFINITY;
      this.pool.connectSucceeded();
      this.#user?.onConnected();
    });
    socket.on('data', (data) => this.#onData(data));
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#user?.onDrain());
    socket.on('error', () => undefined);
    socket.on('close', () => this.#onClose());
  }

  /** Takes an idle connection for another request. */
  take(user: UpstreamUser): void {
    this.#user = user;
    this.reused = true;
    this.answered = false;
    this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  /** The user is done with it, and it goes back to the pool if it can serve again. */
  release(nowMs: number): void {
    this.#user = null;
    if (!this.keepAlive || this.socket.destroyed || !this.socket.writable || !this.pool.keep(this)) {
      this.destroy();
      return;
    }
    // A slow client may have stopped it; an idle connection must be read, to see its end.
    if (this.socket.isPaused()) this.socket.resume();
    this.idleSinceMs = nowMs;
    this.deadlineMs = nowMs + this.idleLimitMs;
  }

  /** The user is done with it, and nobody else will be. */
  destroy(): void {
    this.#user = null;
    this.socket.destroy();
  }

  /** Idle for too long, or not connected in time. */
  expire(): void {
    if (this.#user === null) this.pool.forget(this);
    this.socket.destroy();
  }

  #onData(data: Buffer): void {
    if (this.#user === null) {
      // Bytes that nobody asked for: the connection cannot be trusted with a request.
      this.pool.forget(this);
      this.socket.destroy();
      return;
    }
    this.answered = true;
    this.#read(data);
    this.#user?.onPause();
  }

  #read(data: Buffer): void {
    let at = 0;
    while (at < data.length && this.#user !== null) {
      if (this.#body === null) {
        at = this.#readHead(data, at);
        continue;
      }
      at = this.#body.push(data, at);
      if (at === -1) {
        this.#break('bad-answer');
        return;
      }
      if (this.#body.done) {
        // More bytes than the answer has: whatever they are, they are not the next request's.
        if (at < data.length) this.keepAlive = false;
        this.#finish();
        return;
      }
    }
  }

  #readHead(data: Buffer, from: number): number {
    const user = this.#user;
    if (user === null) return data.length;
    const before = this.#pendingHead?.length ?? 0;
    const all = this.#pendingHead === null ? data : Buffer.concat([this.#pendingHead, data.subarray(from)]);
    const start = this.#pendingHead === null ? from : 0;
    const end = all.indexOf('\r\n\r\n', start, 'latin1');
    if (end === -1) {
      this.#pendingHead = all.subarray(start);
      if (this.#pendingHead.length > maxResponseHeadBytes) this.#break('bad-answer');
      return data.length;
    }
    this.#pendingHead = null;
    const consumed = from + (end + 4 - start) - before;
    const head = parseResponseHead(all.toString('latin1', start, end + 2), user.method);
    if (typeof head === 'string') {
      this.#break('bad-answer');
      return data.length;
    }
    return this.#onHead(user, head, data, consumed);
  }

  #onHead(user: UpstreamUser, head: ResponseHead, data: Buffer, consumed: number): number {
    if (head.status === 101) {
      if (!user.upgrade) {
        this.#break('bad-answer');
        return data.length;
      }
      this.#user = null;
      this.#watchdog.remove(this);
      user.onSwitched(head, data.subarray(consumed));
      return data.length;
    }
    if (head.status >= 200) {
      this.keepAlive = head.keepAlive;
      if (head.keepAliveSeconds !== null) this.idleLimitMs = this.pool.idleLimitFor(head.keepAliveSeconds);
      this.#body = new BodyReader(head.framing, user.dechunk, (part) => user.onBody(part));
    }
    user.onHead(head);
    if (this.#body?.done === true) {
      if (consumed < data.length) this.keepAlive = false;
      this.#finish();
      return data.length;
    }
    return consumed;
  }

  #finish(): void {
    this.#body = null;
    this.#user?.onEnd();
  }

  #onEnd(): void {
    const user = this.#user;
    if (user === null) {
      this.pool.forget(this);
      this.socket.destroy();
      return;
    }
    if (this.#body?.untilClose === true) {
      this.keepAlive = false;
      this.#finish();
      this.#user?.onPause();
      return;
    }
    this.keepAlive = false;
    this.#break('closed');
  }

  #onClose(): void {
    this.#watchdog.remove(this);
    const user = this.#user;
    if (user === null) {
      this.pool.forget(this);
      return;
    }
    if (this.#connected) this.#break('reset');
    else {
      this.#user = null;
      this.pool.connectFailed(performance.now());
      user.onConnectFailed();
    }
  }

  #break(why: Broken): void {
    const user = this.#user;
    this.#user = null;
    this.keepAlive = false;
    this.socket.destroy();
    user?.onBroken(why);
  }
}
