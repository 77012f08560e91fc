import { spawn } from 'node:child_process';
import * as net from 'node:net';

const request = Buffer.from('GET / HTTP/1.1\r\nHost: bench\r\n\r\n');

/** One keep-alive connection that counts answers by their Content-Length and cares for nothing else. */
class BenchConnection {
  readonly #socket: net.Socket;
  #left = 0;
  #onAnswer: (ok: boolean) => void = () => undefined;
  busy = false;

  constructor(port: number, onLost: () => void) {
    this.#socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.on('data', (data) => this.#read(data));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      if (this.busy) this.#onAnswer(false);
      onLost();
    });
  }

  send(onAnswer: (ok: boolean) => void): void {
    this.busy = true;
    this.#onAnswer = onAnswer;
    this.#socket.write(request);
  }

  close(): void {
    this.busy = false;
    this.#socket.destroy();
  }

  #read(data: Buffer): void {
    if (this.#left > 0) {
      this.#left -= data.length;
    } else {
      const end = data.indexOf('\r\n\r\n');
      const length = /content-length: (\d+)/i.exec(data.toString('latin1', 0, end))?.[1] ?? '0';
      this.#left = Number(length) + end + 4 - data.length;
    }
    if (this.#left > 0) return;
    this.#left = 0;
    this.busy = false;
    this.#onAnswer(true);
  }
}

export interface LoadResult {
  readonly requests: number;
  readonly failed: number;
  readonly seconds: number;
  /** From the instant a request was due to the end of its answer. */
  readonly latenciesMs: readonly number[];
}

/** As many requests as the connections carry, one after another on each. With wrk where it is installed. */
export async function saturate(port: number, connections: number, seconds: number): Promise<LoadResult> {
  return (await wrk(port, connections, seconds)) ?? closedLoop(port, connections, seconds);
}

function wrk(port: number, connections: number, seconds: number): Promise<LoadResult | null> {
  return new Promise((resolve) => {
    const child = spawn('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, `http://127.0.0.1:${port}/`]);
    let text = '';
    child.stdout.on('data', (data) => (text += String(data)));
    child.on('error', () => resolve(null));
    child.on('close', () => {
      const count = /(\d+) requests in ([\d.]+)(m?s)/.exec(text);
      if (count === null) return resolve(null);
      const took = Number(count[2]) / (count[3] === 'ms' ? 1_000 : 1);
      const broken = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
      const other = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0);
      const failed = (broken?.slice(1) ?? []).reduce((sum, part) => sum + Number(part), other);
      return resolve({ requests: Number(count[1]), failed, seconds: took, latenciesMs: [] });
    });
  });
}

async function closedLoop(port: number, connections: number, seconds: number): Promise<LoadResult> {
  const started = performance.now();
  const end = started + seconds * 1_000;
  let requests = 0;
  let failed = 0;
  await Promise.all(
    Array.from(
      { length: connections },
      () =>
        new Promise<void>((resolve) => {
          const connection = new BenchConnection(port, resolve);
          const next = (): void =>
            connection.send((ok) => {
              if (ok) requests += 1;
              else failed += 1;
              if (performance.now() < end && ok) next();
              else connection.close();
            });
          next();
        }),
    ),
  );
  return { requests, failed, seconds: (performance.now() - started) / 1_000, latenciesMs: [] };
}

/** A fixed rate whatever the answers take: a request that finds no free connection waits, and its wait is counted. */
export async function offer(
  port: number,
  perSecond: number,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const pool = Array.from({ length: connections }, () => new BenchConnection(port, () => undefined));
  const free = [...pool];
  const due: number[] = [];
  const latenciesMs: number[] = [];
  let failed = 0;
  let sent = 0;
  const start = performance.now();
  const serve = (): void => {
    while (free.length > 0 && due.length > 0) {
      const connection = free.pop();
      const at = due.shift() ?? 0;
      connection?.send((ok) => {
        if (ok) latenciesMs.push(performance.now() - at);
        else failed += 1;
        free.push(connection);
        serve();
      });
    }
  };
  const total = Math.floor(perSecond * seconds);
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      const now = performance.now();
      while (sent < total && start + (sent * 1_000) / perSecond <= now) {
        due.push(start + (sent * 1_000) / perSecond);
        sent += 1;
      }
      serve();
      if (latenciesMs.length + failed >= total || now > start + seconds * 1_000 + 5_000) resolve();
      else if (sent < total) setImmediate(tick);
      else setTimeout(tick, 5);
    };
    tick();
  });
  for (const connection of pool) connection.close();
  return {
    requests: latenciesMs.length,
    failed: total - latenciesMs.length,
    seconds: (performance.now() - start) / 1_000,
    latenciesMs,
  };
}
