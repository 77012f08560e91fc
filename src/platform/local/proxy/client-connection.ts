import type * as net from 'node:net';
import type { Arm } from '../../../rollout/effect.ts';
import { hasBareLineEnd } from './body-reader.ts';
import type { ProxyContext } from './context.ts';
import { Exchange } from './exchange.ts';
import { localAnswer } from './local-answer.ts';
import {
  http2Preface,
  maxHeadBytes,
  maxTargetBytes,
  parseRequestHead,
  type Refusal,
} from './request-head.ts';
import type { Service } from './service.ts';
import type { Tunnel } from './tunnel.ts';
import type { Watched } from './watchdog.ts';

/** Bytes that a client may send ahead of its turn before it is no longer read. */
const maxHeldBytes = 64 * 1024;
const never = Number.POSITIVE_INFINITY;

type Mode = 'head' | 'exchange' | 'linger' | 'tunnel' | 'closed';

/** One connection of a client: cuts requests out of it and answers them in order, one at a time. */
export class ClientConnection implements Watched {
  deadlineMs: number;
  readonly socket: net.Socket;
  readonly address: string;
  readonly service: Service;
  readonly pinned: Arm | null;
  readonly context: ProxyContext;
  #mode: Mode = 'head';
  #held: Buffer | null = null;
  /** Where to go on looking for the end of a head that comes in pieces. */
  #scanFrom = 0;
  #startedMs = 0;
  #idleSinceMs: number;
  #exchange: Exchange | null = null;
  #tunnel: { readonly tunnel: Tunnel; readonly arm: Arm } | null = null;
  #advancing = false;
  #lingerUntilMs = 0;

  constructor(socket: net.Socket, service: Service, pinned: Arm | null, context: ProxyContext) {
    this.socket = socket;
    this.address = (socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '');
    this.service = service;
    this.pinned = pinned;
    this.context = context;
    this.#idleSinceMs = performance.now();
    this.deadlineMs = this.#idleSinceMs + context.limits.idleTimeoutMs;
    socket.on('data', (data) => this.#onData(data));
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#exchange?.clientDrained());
    socket.on('error', () => undefined);
    socket.on('close', () => this.#onClose());
  }

  write(data: string | Buffer): boolean {
    return typeof data === 'string' ? this.socket.write(data, 'latin1') : this.socket.write(data);
  }

  /** The exchange can take body bytes now: those that were held are handed to it. */
  feed(): void {
    const held = this.#held;
    const exchange = this.#exchange;
    if (held === null || exchange === null) return;
    this.#held = null;
    this.#hold(exchange.requestData(held));
    if (this.#held === null) this.socket.resume();
  }

  /** What came behind the request, for the other side of an upgrade. */
  takeHeld(): Buffer | null {
    const held = this.#held;
    this.#held = null;
    return held;
  }

  /** The answer is written whole. `close`: it said so. */
  exchangeDone(close: boolean): void {
    this.#exchange = null;
    if (close) {
      this.linger();
      return;
    }
    this.#mode = 'head';
    this.#idle();
    // It may have been stopped for the sake of the application, which needs no more of it.
    if (this.socket.isPaused()) this.socket.resume();
    if (this.#held !== null) {
      this.#startedMs = this.#idleSinceMs;
      this.#advance();
    }
  }

  /** Nothing more is answered here. What is still sent is read and dropped, so that no reset overtakes the last answer. */
  linger(): void {
    this.#exchange = null;
    this.#held = null;
    if (this.socket.destroyed) return;
    this.#mode = 'linger';
    this.socket.end();
    this.socket.resume();
    const now = performance.now();
    this.#lingerUntilMs = now + this.context.limits.bodyTimeoutMs;
    this.deadlineMs = now + this.context.limits.lingerMs;
  }

  /** The answer cannot be completed: only a reset tells the client so. */
  reset(): void {
    this.#exchange = null;
    this.#mode = 'closed';
    this.socket.resetAndDestroy();
  }

  /** From now on the socket belongs to the tunnel that `open` makes. */
  becomeTunnel(arm: Arm, open: () => Tunnel): void {
    this.#exchange = null;
    this.#mode = 'tunnel';
    this.deadlineMs = never;
    this.socket.removeAllListeners('data');
    this.socket.removeAllListeners('end');
    this.socket.removeAllListeners('drain');
    this.#tunnel = { tunnel: open(), arm };
  }

  /** Ends what would never end by itself, if the arm serves it. */
  closeStream(arm: Arm, nowMs: number): boolean {
    if (this.#tunnel !== null) {
      if (this.#tunnel.arm !== arm) return false;
      this.#tunnel.tunnel.close();
      return true;
    }
    return this.#exchange !== null && this.#exchange.arm === arm && this.#exchange.closeStream(nowMs);
  }

  /** Is it waiting for a request, of which nothing came yet? Then it may be closed after the drain's grace. */
  drain(): void {
    if (this.#mode !== 'head' || this.#held !== null) return;
    this.deadlineMs = Math.min(this.deadlineMs, performance.now() + this.context.limits.drainIdleMs);
  }

  expire(nowMs: number): void {
    if (this.#mode === 'exchange') {
      this.#exchange?.expire(nowMs);
    } else if (this.#mode === 'head' && this.#held !== null) {
      this.#refuse({ status: 408, reason: 'head-too-slow' });
    } else if (this.#mode === 'head') {
      this.linger();
    } else {
      this.socket.destroy();
    }
  }

  #idle(): void {
    this.#idleSinceMs = performance.now();
    const { drainIdleMs, idleTimeoutMs } = this.context.limits;
    this.deadlineMs = this.#idleSinceMs + (this.context.draining ? drainIdleMs : idleTimeoutMs);
  }

  #onData(data: Buffer): void {
    switch (this.#mode) {
      case 'head':
        if (this.#held === null) {
          this.#startedMs = performance.now();
          this.deadlineMs = this.#startedMs + this.context.limits.headTimeoutMs;
          this.#held = data;
        } else {
          this.#held = Buffer.concat([this.#held, data]);
        }
        this.#advance();
        return;
      case 'exchange': {
        const exchange = this.#exchange;
        this.#hold(this.#held === null && exchange !== null ? exchange.requestData(data) : data);
        return;
      }
      case 'linger': {
        const now = performance.now();
        this.deadlineMs = Math.min(now + this.context.limits.lingerMs, this.#lingerUntilMs);
        return;
      }
      case 'tunnel':
      case 'closed':
        return;
    }
  }

  #hold(data: Buffer | null): void {
    if (data === null || data.length === 0) return;
    if (this.#mode === 'head') {
      // The answer was there before the request was: its last byte ended the exchange, and this is the next one's.
      this.#onData(data);
      return;
    }
    if (this.#mode !== 'exchange') return;
    this.#held = this.#held === null ? data : Buffer.concat([this.#held, data]);
    this.#scanFrom = 0;
    if (this.#held.length > maxHeldBytes) this.socket.pause();
  }

  /** Answers held requests until one has to wait. A loop, since a client may pipeline thousands of them. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    while (this.#mode === 'head' && this.#held !== null && this.#readHead(this.#held));
    this.#advancing = false;
  }

  #readHead(held: Buffer): boolean {
    // RFC 9112 2.2: one empty line before a request is tolerated.
    const start = held[0] === 0x0d && held[1] === 0x0a ? 2 : 0;
    const end = held.indexOf('\r\n\r\n', Math.max(start, this.#scanFrom), 'latin1');
    if (end === -1) {
      const wrong = incompleteHead(held, start, this.#scanFrom);
      if (wrong !== null) this.#refuse(wrong);
      else this.#scanFrom = Math.max(0, held.length - 3);
      return false;
    }
    this.#scanFrom = 0;
    if (end - start > maxHeadBytes) {
      this.#refuse(incompleteHead(held, start, start) ?? { status: 431, reason: 'head-too-large' });
      return false;
    }
    const text = held.toString('latin1', start, end + 2);
    const head = parseRequestHead(text);
    if ('reason' in head) {
      this.#refuse(
        text === http2Preface.slice(0, text.length) ? { status: 505, reason: 'http2-unsupported' } : head,
      );
      return false;
    }
    this.#held = end + 4 === held.length ? null : held.subarray(end + 4);
    this.#mode = 'exchange';
    this.deadlineMs = never;
    const exchange = new Exchange(this, head, this.#startedMs);
    this.#exchange = exchange;
    exchange.begin();
    return true;
  }

  #refuse(refusal: Refusal): void {
    this.write(localAnswer({ ...refusal, close: true, head: false }));
    this.linger();
  }

  #onEnd(): void {
    if (this.#mode === 'exchange') {
      // Most clients that are gone say no more than this; the application need not work for nobody.
      this.#exchange?.clientGone();
      this.#exchange = null;
      this.#mode = 'closed';
      this.socket.destroy();
    } else if (this.#mode === 'linger') {
      this.socket.destroy();
    } else {
      this.#mode = 'closed';
      this.socket.end();
      this.deadlineMs = performance.now() + this.context.limits.lingerMs;
    }
  }

  #onClose(): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#mode = 'closed';
    this.context.connections.delete(this);
    this.context.watchdog.remove(this);
    exchange?.clientGone();
  }
}

/** Serves a client until it goes. */
export function acceptClient(
  socket: net.Socket,
  service: Service,
  pinned: Arm | null,
  context: ProxyContext,
): void {
  const connection = new ClientConnection(socket, service, pinned, context);
  context.connections.add(connection);
  context.watchdog.add(connection);
}

/** What is wrong with a head that has no end yet, so that a client is told at once. Bytes before `seen` were looked at. */
function incompleteHead(held: Buffer, start: number, seen: number): Refusal | null {
  const lineEnd = held.indexOf('\r\n', start, 'latin1');
  if ((lineEnd === -1 ? held.length : lineEnd) - start > maxTargetBytes + 64)
    return { status: 414, reason: 'target-too-long' };
  const from = Math.max(start, seen);
  const text = held.toString('latin1', from, Math.min(held.length, from + maxHeadBytes));
  if (hasBareLineEnd(text) || (from === start && text.startsWith('\n')))
    return { status: 400, reason: 'bare-line-end' };
  if (text.includes('\0')) return { status: 400, reason: 'bad-request-line' };
  return held.length - start > maxHeadBytes ? { status: 431, reason: 'head-too-large' } : null;
}
