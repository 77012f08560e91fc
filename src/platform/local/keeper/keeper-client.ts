import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../../../lib/error.ts';
import { LineReader } from '../proxy/line-reader.ts';
import { isAlive } from '../process/identity.ts';
import { readHolder } from './keeper-lock.ts';
import { keeperPaths, type KeeperPaths, makeKeeperFolders } from './paths.ts';
import {
  keeperProtocolVersion,
  type KeeperEvent,
  type KeeperRequestBody,
  type KeeperResponse,
} from './protocol.ts';

export interface KeeperClientOptions {
  readonly stateDir: string;
  /** argv of the hidden command that runs a keeper on `stateDir`; null: never start one. */
  readonly keeperCommand: readonly string[] | null;
  readonly onEvent: (event: KeeperEvent) => void;
  /** The connection is lost; it is made again, and the whole picture comes anew. */
  readonly onLost?: () => void;
  /** What cannot be done at the moment, for a log. */
  readonly onTrouble?: (message: string) => void;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: SluiceError) => void;
  readonly timer: NodeJS.Timeout;
}

const requestLimitMs = 10_000;
/** Stopping applications takes their grace periods. */
const longRequestLimitMs = 10 * 60_000;
const firstPauseMs = 20;
const longestPauseMs = 1_000;
/** A keeper that was started may take this long before another one is tried. */
const startLimitMs = 8_000;
const lineLimitBytes = 64 * 1024 * 1024;

/** The engine's end of the keeper's socket: starts a keeper where none runs, connects, and connects again. */
export class KeeperClient {
  readonly #options: KeeperClientOptions;
  readonly #paths: KeeperPaths;
  readonly #waiting = new Map<number, Waiting>();
  readonly #firstSync = Promise.withResolvers<void>();
  #socket: Socket | null = null;
  #nextId = 1;
  #pauseMs = firstPauseMs;
  #startedAtMs = Number.NEGATIVE_INFINITY;
  #closed = false;
  /** It was told to end: none is started in its place. */
  #endsKeeper = false;

  constructor(options: KeeperClientOptions) {
    this.#options = options;
    this.#paths = keeperPaths(options.stateDir);
    // Whoever does not wait for the connection is told by each request.
    this.#firstSync.promise.catch(() => undefined);
  }

  /** Resolves when the first picture is there. Errors: `keeper-unreachable`. */
  async connect(limitMs = 15_000): Promise<void> {
    makeKeeperFolders(this.#paths);
    void this.#keepConnected();
    const timer = setTimeout(() => {
      this.#firstSync.reject(
        unreachable(`no keeper came up within ${limitMs} ms; see ${this.#paths.keeperLog}`),
      );
    }, limitMs);
    try {
      await this.#firstSync.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  get connected(): boolean {
    return this.#socket !== null;
  }

  /** Errors: the keeper's own, and `keeper-unreachable`. */
  request(body: KeeperRequestBody): Promise<unknown> {
    const socket = this.#socket;
    if (socket === null) return Promise.reject(unreachable('the keeper is not connected'));
    if (body.method === 'shutdown') this.#endsKeeper = true;
    const id = this.#nextId;
    this.#nextId += 1;
    const limitMs = isLong(body) ? longRequestLimitMs : requestLimitMs;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(unreachable(`the keeper did not answer ${body.method} within ${limitMs} ms`));
      }, limitMs);
      this.#waiting.set(id, { resolve, reject, timer });
      socket.write(`${JSON.stringify({ id, ...body })}\n`);
    });
  }

  /** Leaves the keeper running. */
  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }

  async #keepConnected(): Promise<void> {
    while (!this.#closed) {
      if (await this.#connectUntilLost()) {
        this.#options.onLost?.();
        this.#pauseMs = firstPauseMs;
      } else if (this.#options.keeperCommand !== null && !this.#endsKeeper) {
        this.#startIfNoneRuns(this.#options.keeperCommand);
      }
      await delay(this.#pauseMs);
      this.#pauseMs = Math.min(this.#pauseMs * 2, this.#keeperIsComing() ? 100 : longestPauseMs);
    }
  }

  /** Resolves when the connection has ended: false, it never came about. */
  #connectUntilLost(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect({ path: this.#paths.keeperSocket });
      const reader = new LineReader(lineLimitBytes, (line) => this.#receive(line));
      let connected = false;
      socket.on('data', (data) => {
        if (!reader.push(data)) socket.destroy();
      });
      socket.once('connect', () => {
        connected = true;
        this.#startedAtMs = Number.NEGATIVE_INFINITY;
        this.#socket = socket;
        this.request({ method: 'subscribe' }).catch(() => socket.destroy());
      });
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#socket = null;
        this.#failAll();
        resolve(connected);
      });
    });
  }

  #receive(line: string): void {
    const message = JSON.parse(line) as KeeperResponse | KeeperEvent;
    if ('event' in message) {
      this.#onEvent(message);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    clearTimeout(waiting.timer);
    if (message.ok) waiting.resolve(message.result);
    else waiting.reject(new SluiceError({ code: message.code, message: message.message }));
  }

  #onEvent(event: KeeperEvent): void {
    if (event.event === 'hello' && event.version !== keeperProtocolVersion) {
      const message = `the keeper speaks version ${event.version}, this is ${keeperProtocolVersion}: run "sluice down", then "sluice up"`;
      this.#firstSync.reject(unreachable(message));
      this.close();
      return;
    }
    this.#options.onEvent(event);
    if (event.event === 'synced') this.#firstSync.resolve();
  }

  #failAll(): void {
    for (const [id, waiting] of this.#waiting) {
      this.#waiting.delete(id);
      clearTimeout(waiting.timer);
      waiting.reject(unreachable('the connection to the keeper was lost'));
    }
  }

  #keeperIsComing(): boolean {
    return performance.now() - this.#startedAtMs < startLimitMs;
  }

  #startIfNoneRuns(command: readonly string[]): void {
    const holder = readHolder(this.#paths.lockFile);
    if (this.#keeperIsComing() || (holder !== null && isAlive(holder))) return;
    this.#startedAtMs = performance.now();
    const [file = '', ...args] = command;
    const log = openSync(this.#paths.keeperLog, 'a', 0o600);
    const keeper = spawn(file, args, { detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    keeper.once('error', (error) =>
      this.#options.onTrouble?.(`the keeper cannot be started: ${error.message}`),
    );
    keeper.once('exit', (code) => {
      if (code !== 0)
        this.#options.onTrouble?.(`the keeper ended with ${code}; see ${this.#paths.keeperLog}`);
    });
    keeper.unref();
  }
}

function isLong(body: KeeperRequestBody): boolean {
  return body.method === 'shutdown' || body.method === 'removeService' || body.method === 'reloadWorkers';
}

function unreachable(message: string): SluiceError {
  return new SluiceError({ code: 'keeper-unreachable', message });
}
