import type { Arm } from '../../../rollout/effect.ts';
import type { Ending } from './arm-counters.ts';
import { assign, servesCanary, stickyCookie } from './assignment.ts';
import { BodyReader } from './body-reader.ts';
import type { ClientConnection } from './client-connection.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import { clientHead, switchedHead, upstreamHead } from './forwarding.ts';
import { localAnswer } from './local-answer.ts';
import { sendMirror } from './mirror.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';
import type { Service } from './service.ts';
import { Tunnel } from './tunnel.ts';
import type { Broken, UpstreamConnection, UpstreamUser } from './upstream-connection.ts';

/** RFC 9110 9.2.2. */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Up to this much of a body is written together with the head, in one call. */
const joinedBytes = 8 * 1024;

/** What the exchange waits for, hence what its deadline means. */
type Waiting = 'body' | 'answer' | 'stream';

/** One request of one client, from its head to the last byte of its answer. */
export class Exchange implements UpstreamUser {
  readonly method: string;
  readonly dechunk: boolean;
  readonly upgrade: boolean;
  readonly #client: ClientConnection;
  readonly #service: Service;
  readonly #head: RequestHead;
  readonly #startedMs: number;
  readonly #request: BodyReader;
  #arm: Arm = 'stable';
  #setCookie = '';
  #pool: EndpointPool | null = null;
  #connection: UpstreamConnection | null = null;
  #waiting: Waiting = 'answer';
  /** Request bytes may go out. */
  #sending = false;
  #retried = false;
  #fellBack = false;
  #raced = false;
  /** Written with the first bytes of the body that follows, '' = written or not there yet. */
  #unsentRequestHead = '';
  #unsentAnswerHead = '';
  #answer: ResponseHead | null = null;
  #answeredAtMs = 0;
  #answerDone = false;
  #close: boolean;
  #ended = false;

  constructor(client: ClientConnection, head: RequestHead, startedMs: number) {
    this.#client = client;
    this.#service = client.service;
    this.#head = head;
    this.#startedMs = startedMs;
    this.method = head.method;
    this.dechunk = head.minor === 0;
    this.upgrade = head.upgrade !== '';
    this.#close = !head.keepAlive;
    this.#request = new BodyReader(head.framing, false, (data) => this.#forwardRequest(data));
  }

  get arm(): Arm {
    return this.#arm;
  }

  begin(): void {
    const { pinned } = this.#client;
    const service = this.#service;
    service.retryBudget.request();
    if (pinned !== null) {
      this.#arm = pinned;
    } else {
      const assignment = assign(service.front, service.route, this.#head, Math.random);
      this.#arm = assignment.arm;
      if (assignment.stick) this.#setCookie = stickyCookie(service.front, service.route);
      if (this.#arm === 'stable' && service.route !== null && service.route.mirrorPercent > 0) {
        sendMirror(this.#client.context, service, this.#head, this.#client.address);
      }
    }
    service.counters[this.#arm].inFlight += 1;
    this.#serve();
  }

  /** Body bytes of the client; gives back what is not the body's, or cannot be taken yet. */
  requestData(data: Buffer): Buffer | null {
    if (!this.#sending || this.#request.done) return data;
    const at = this.#request.push(data, 0);
    if (at === -1) {
      this.#refuse(400, 'bad-chunk');
      return null;
    }
    if (this.#request.done) this.#requestDone();
    else if (this.#waiting === 'body') this.#wait('body');
    return at === data.length ? null : data.subarray(at);
  }

  clientDrained(): void {
    if (this.#answer !== null) this.#wait('stream');
    this.#connection?.socket.resume();
  }

  clientGone(): void {
    this.#dropConnection();
    this.#end('clientGone');
  }

  /** An answer without an end in sight is ended, or broken off where its end could be taken for a true one. */
  closeStream(nowMs: number): boolean {
    const answer = this.#answer;
    if (answer === null || this.#ended || answer.framing.kind === 'length') return false;
    if (!answer.eventStream && nowMs - this.#answeredAtMs < this.#client.context.limits.longStreamMs)
      return false;
    this.#dropConnection();
    this.#end(answer.status);
    if (answer.eventStream) {
      if (answer.framing.kind === 'chunked' && !this.dechunk) this.#client.write('0\r\n\r\n');
      this.#client.linger();
    } else {
      this.#client.reset();
    }
    return true;
  }

  expire(nowMs: number): void {
    if (this.#answerDone) {
      this.#dropConnection();
      this.#end(this.#answer?.status ?? 'failed', nowMs);
      this.#client.linger();
    } else if (this.#waiting === 'body') this.#refuse(408, 'body-too-slow');
    else if (this.#waiting === 'answer') this.#fail(504, 'answer-too-slow');
    else {
      const clientStalls = this.#client.socket.writableLength > 0;
      this.#dropConnection();
      this.#end(clientStalls ? 'clientGone' : 'failed', nowMs);
      this.#client.reset();
    }
  }

  #serve(): void {
    const now = performance.now();
    const pool = this.#service.pick(this.#arm, now, this.#otherArm(now) === null, null);
    if (pool !== null) {
      this.#attempt(pool, now);
      return;
    }
    const other = this.#otherArm(now);
    if (other === null) this.#fail(503, `no-${this.#arm}-endpoint`);
    else this.#fallBack(other);
  }

  /** Where the request may go instead: to stable always, to the canary only while users may be there at all. */
  #otherArm(nowMs: number): Arm | null {
    if (this.#fellBack || this.#client.pinned !== null) return null;
    const other = this.#arm === 'canary' ? 'stable' : 'canary';
    if (other === 'canary' && !servesCanary(this.#service.route)) return null;
    return this.#service.pick(other, nowMs, other === 'stable', null) === null ? null : other;
  }

  #fallBack(other: Arm): void {
    this.#countFailedAttempt();
    this.#service.counters[this.#arm].inFlight -= 1;
    this.#service.counters[other].inFlight += 1;
    this.#client.context.log(
      'warn',
      `${this.#service.key}: ${this.#arm} could not take a request, ${other} did`,
    );
    this.#arm = other;
    this.#setCookie = '';
    this.#fellBack = true;
    this.#serve();
  }

  /** The arm failed a request that another endpoint, or the other arm, will answer. */
  #countFailedAttempt(): void {
    const counters = this.#service.counters[this.#arm];
    counters.retries += 1;
    counters.count('failed', (performance.now() - this.#startedMs) / 1_000);
  }

  #attempt(pool: EndpointPool, nowMs: number): void {
    const repeatable = this.#head.framing.kind === 'none' && idempotent.has(this.method) && !this.upgrade;
    this.#use(pool, pool.acquire(this, nowMs, repeatable, this.#service.front.connectTimeoutMs));
  }

  #use(pool: EndpointPool, connection: UpstreamConnection): void {
    pool.inFlight += 1;
    this.#pool = pool;
    this.#connection = connection;
    if (connection.reused) this.#send(connection);
  }

  #send(connection: UpstreamConnection): void {
    const { host, port } = connection.pool.endpoint;
    const head = upstreamHead(this.#head, this.#client.address, `${host}:${port}`);
    this.#sending = true;
    if (this.#request.done) {
      connection.socket.write(head, 'latin1');
      this.#requestDone();
      return;
    }
    this.#wait('body');
    this.#unsentRequestHead = head;
    this.#client.feed();
    if (this.#unsentRequestHead !== '') {
      connection.socket.write(head, 'latin1');
      this.#unsentRequestHead = '';
    }
  }

  #forwardRequest(data: Buffer): void {
    const socket = this.#connection?.socket;
    if (socket === undefined) return;
    const head = this.#unsentRequestHead;
    this.#unsentRequestHead = '';
    let more: boolean;
    if (head !== '' && data.length <= joinedBytes) {
      more = socket.write(head + data.toString('latin1'), 'latin1');
    } else {
      if (head !== '') socket.write(head, 'latin1');
      more = socket.write(data);
    }
    if (more) return;
    this.#client.socket.pause();
    if (this.#answer === null) this.#wait('answer');
  }

  #requestDone(): void {
    if (this.#answerDone) this.#complete();
    else if (this.#answer === null) this.#wait('answer');
  }

  #wait(waiting: Waiting): void {
    const { limits } = this.#client.context;
    this.#waiting = waiting;
    const ms =
      waiting === 'body'
        ? limits.bodyTimeoutMs
        : waiting === 'answer'
          ? this.#service.front.responseTimeoutMs
          : limits.streamIdleMs;
    this.#client.deadlineMs = performance.now() + ms;
  }

  onConnected(): void {
    const connection = this.#connection;
    if (connection !== null) this.#send(connection);
  }

  onConnectFailed(): void {
    const failed = this.#pool;
    this.#leavePool();
    const now = performance.now();
    const again = this.#retried ? null : this.#service.pick(this.#arm, now, false, failed);
    const other = this.#otherArm(now);
    if ((again === null && other === null) || !this.#service.retryBudget.take()) {
      this.#fail(502, 'connect-failed');
    } else if (again !== null) {
      this.#retried = true;
      this.#countFailedAttempt();
      this.#attempt(again, now);
    } else if (other !== null) {
      this.#fallBack(other);
    }
  }

  onHead(head: ResponseHead): void {
    if (head.status >= 200) {
      this.#answer = head;
      this.#answeredAtMs = performance.now();
      const chunkless = this.dechunk && head.framing.kind === 'chunked';
      if (head.framing.kind === 'close' || chunkless || this.#client.context.draining) this.#close = true;
      this.#wait('stream');
    } else if (this.#head.minor === 0) {
      return;
    }
    const text = clientHead(head, {
      requestMinor: this.#head.minor,
      method: this.method,
      close: this.#close,
      dechunk: this.dechunk,
      setCookie: this.#setCookie,
    });
    if (head.status >= 200) this.#unsentAnswerHead = text;
    else this.#client.write(text);
  }

  onBody(data: Buffer): void {
    const head = this.#unsentAnswerHead;
    let more: boolean;
    if (head === '') {
      more = this.#client.write(data);
    } else if (data.length <= joinedBytes) {
      more = this.#client.write(head + data.toString('latin1'));
    } else {
      this.#client.write(head);
      more = this.#client.write(data);
    }
    this.#unsentAnswerHead = '';
    this.#wait('stream');
    if (!more) this.#connection?.socket.pause();
  }

  onPause(): void {
    if (this.#unsentAnswerHead === '') return;
    this.#client.write(this.#unsentAnswerHead);
    this.#unsentAnswerHead = '';
  }

  onEnd(): void {
    this.onPause();
    this.#answerDone = true;
    if (this.#request.done) {
      this.#complete();
    } else if (this.#connection?.keepAlive === true) {
      // An application may answer early and still want the rest.
      this.#wait('body');
      this.#client.socket.resume();
    } else {
      this.#dropConnection();
      this.#end(this.#answer?.status ?? 'failed');
      this.#client.linger();
    }
  }

  onDrain(): void {
    if (this.#answer === null && !this.#request.done) this.#wait('body');
    this.#client.socket.resume();
  }

  onSwitched(head: ResponseHead, rest: Buffer): void {
    const connection = this.#connection;
    const pool = this.#pool;
    const client = this.#client;
    if (connection === null || pool === null) return;
    const held = client.takeHeld();
    const { arm } = this;
    const service = this.#service;
    const reporter = client.context.inFlight;
    this.#end(101);
    service.counters[arm].upgraded += 1;
    pool.upgraded += 1;
    this.#leavePool();
    client.write(switchedHead(head, this.#setCookie));
    if (rest.length > 0) client.write(Buffer.from(rest));
    const { socket } = connection;
    for (const event of ['data', 'end', 'drain', 'close']) socket.removeAllListeners(event);
    const onClosed = (): void => {
      service.counters[arm].upgraded -= 1;
      pool.upgraded -= 1;
      reporter.changed(pool);
    };
    client.becomeTunnel(arm, () => new Tunnel(client.context, client.socket, socket, onClosed));
    if (held !== null) socket.write(held);
  }

  onBroken(why: Broken): void {
    const connection = this.#connection;
    const pool = this.#pool;
    this.#leavePool();
    if (this.#answerDone) {
      this.#end(this.#answer?.status ?? 'failed');
      this.#client.linger();
      return;
    }
    const repeatable = this.#head.framing.kind === 'none' && idempotent.has(this.method);
    const raced = connection?.reused === true && !connection.answered && repeatable && !this.#raced;
    if (raced && pool !== null) {
      // The server closed the idle connection as the request was on its way. That is no fault of the arm.
      this.#raced = true;
      this.#use(pool, pool.connect(this, this.#service.front.connectTimeoutMs));
      return;
    }
    if (this.#answer === null || this.#unsentAnswerHead !== '') {
      this.#fail(502, why === 'bad-answer' ? 'bad-answer' : 'answer-broken');
      return;
    }
    this.#end('failed');
    this.#client.reset();
  }

  /** The client's request turned out to be none. */
  #refuse(status: number, reason: string): void {
    this.#dropConnection();
    this.#end('clientGone');
    this.#giveUp(status, reason);
  }

  #fail(status: number, reason: string): void {
    this.#dropConnection();
    this.#end('failed');
    this.#giveUp(status, reason);
  }

  #giveUp(status: number, reason: string): void {
    if (this.#answer !== null && this.#unsentAnswerHead === '') {
      this.#client.reset();
      return;
    }
    const close = this.#close || !this.#request.done || this.#client.context.draining;
    this.#client.write(localAnswer({ status, reason, close, head: this.method === 'HEAD' }));
    this.#client.exchangeDone(close);
  }

  #complete(): void {
    const connection = this.#connection;
    this.#leavePool();
    connection?.release(performance.now());
    this.#end(this.#answer?.status ?? 'failed');
    this.#client.exchangeDone(this.#close);
  }

  #dropConnection(): void {
    this.#connection?.destroy();
    this.#leavePool();
  }

  #leavePool(): void {
    const pool = this.#pool;
    this.#connection = null;
    this.#pool = null;
    if (pool === null) return;
    pool.inFlight -= 1;
    this.#client.context.inFlight.changed(pool);
  }

  #end(ending: Ending, nowMs = performance.now()): void {
    if (this.#ended) return;
    this.#ended = true;
    const counters = this.#service.counters[this.#arm];
    counters.inFlight -= 1;
    counters.count(ending, (nowMs - this.#startedMs) / 1_000);
  }
}
