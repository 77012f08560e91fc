import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toSluiceError } from '../lib/error.ts';
import { GateFile, type GateKind } from './gate-file.ts';
import { type LoadOptions, type LoadReport, runLoad } from './load.ts';
import { readTask, type Task } from './loadtester-task.ts';

export interface LoadtesterOptions {
  readonly host: string;
  readonly port: number;
  /** File of the gates' state. */
  readonly stateFile: string;
  /** Whole command lines that may run as programs; empty = none. */
  readonly allowed: readonly string[];
  readonly resolveName?: NonNullable<LoadOptions['resolveName']>;
  readonly log: (message: string) => void;
}

export interface Loadtester {
  readonly port: number;
  /** Stops accepting, ends running loads and programs. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const bodyLimitBytes = 64 * 1024;
const outputLimitBytes = 16 * 1024;
const programLimitMs = 3_600_000;

/**
 * Answers the payloads of Flagger's load tester: tasks at `/`, gates at `/gate/…`, rollback switches at `/rollback/…`. Loads
 * are run by our own generator. Throws SluiceError `port-in-use` or `port-forbidden` if it cannot listen.
 */
export async function startLoadtester(options: LoadtesterOptions): Promise<Loadtester> {
  const tester = new Tester(options);
  const server = createServer((request, response) => void tester.answer(request, response));
  server.requestTimeout = 30_000;
  await listen(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      tester.stop();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server, options: LoadtesterOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(toSluiceError(error, error.code === 'EACCES' ? 'port-forbidden' : 'port-in-use'));
    });
    server.listen(options.port, options.host, resolve);
  });
}

class Tester {
  private readonly options: LoadtesterOptions;
  private readonly gates: GateFile;
  private readonly stopping = new AbortController();
  /** `<canary> <command>` of loads under way: the same one is not started twice. */
  private readonly running = new Set<string>();

  constructor(options: LoadtesterOptions) {
    this.options = options;
    this.gates = new GateFile(options.stateFile);
  }

  stop(): void {
    this.stopping.abort();
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.route(request).catch(
      (thrown: unknown): Answer => ({ status: 500, text: toSluiceError(thrown, 'internal').message }),
    );
    response.writeHead(answer.status, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${answer.text}\n`);
  }

  private async route(request: IncomingMessage): Promise<Answer> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (path === '/healthz') return { status: 200, text: 'OK' };
    // A page in a browser on this machine must not be able to open a gate or start a load.
    if (request.headers.origin !== undefined || (request.headers['sec-fetch-site'] ?? 'none') !== 'none') {
      return { status: 403, text: 'requests of web pages are refused' };
    }
    if (path === '/gate/approve') return { status: 200, text: 'OK' };
    if (path === '/gate/halt') return { status: 403, text: 'Forbidden' };
    const body = await readJson(request);
    if (body === null) return { status: 400, text: 'the body is not a JSON object of at most 64 KiB' };
    const gate = /^\/(gate|rollback)\/(check|open|close)$/.exec(path);
    const canary = `${text(body['name'])}.${text(body['namespace'])}`;
    if (gate !== null) return this.gate(gate[1] as GateKind, gate[2] ?? '', canary);
    if (path !== '/') return { status: 404, text: 'Not found' };
    return this.task(canary, body['metadata']);
  }

  private gate(kind: GateKind, verb: string, canary: string): Answer {
    if (verb === 'check') {
      return this.gates.isOpen(kind, canary)
        ? { status: 200, text: 'Approved' }
        : { status: 403, text: 'Forbidden' };
    }
    this.gates.set(kind, canary, verb === 'open');
    this.options.log(`${kind} of ${canary} ${verb === 'open' ? 'opened' : 'closed'}`);
    return { status: 202, text: 'Accepted' };
  }

  private async task(canary: string, metadata: unknown): Promise<Answer> {
    if (!isTextRecord(metadata))
      return { status: 400, text: 'metadata is missing, or a value of it is not text' };
    const task = readTask(metadata, this.options.allowed);
    if (!task.ok) {
      this.options.log(`refused for ${canary}: ${task.error.message}`);
      return { status: 400, text: `${task.error.message}. ${task.error.cure}` };
    }
    if (task.value.kind === 'program') return this.program(canary, task.value);
    this.load(canary, task.value);
    return { status: 202, text: 'Accepted' };
  }

  /** Returns at once, as Flagger's tester does; the report is logged. The same load of the same canary runs once at a time. */
  private load(canary: string, task: Extract<Task, { kind: 'load' }>): void {
    const name = `${canary} ${task.command}`;
    if (this.running.has(name)) return;
    this.running.add(name);
    const { resolveName } = this.options;
    const bounded = { ...task.plan, durationMs: task.plan.durationMs ?? programLimitMs };
    void runLoad(bounded, { signal: this.stopping.signal, ...(resolveName ? { resolveName } : {}) }).then(
      (report) => {
        this.running.delete(name);
        this.options.log(`load of ${canary} done: ${reportLine(report)}`);
      },
    );
  }

  private program(canary: string, task: Extract<Task, { kind: 'program' }>): Promise<Answer> {
    const [file = '', ...words] = task.words;
    return new Promise((resolve) => {
      const child = spawn(file, words, {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: programLimitMs,
        signal: this.stopping.signal,
        env: { PATH: process.env['PATH'] ?? '' },
      });
      let output = '';
      const keep = (part: Buffer): void => {
        if (output.length < outputLimitBytes)
          output += part.toString('utf8').slice(0, outputLimitBytes - output.length);
      };
      child.stdout.on('data', keep);
      child.stderr.on('data', keep);
      child.on('error', (error) => resolve({ status: 500, text: `${file}: ${error.message}` }));
      child.on('close', (code) => {
        this.options.log(`${task.command} of ${canary} ended with ${code}`);
        resolve({
          status: code === 0 ? 200 : 500,
          text: task.returnOutput || code !== 0 ? output.trimEnd() : 'OK',
        });
      });
    });
  }
}

/** One line for people; also what `sluice load` ends with. */
export function reportLine(report: LoadReport): string {
  const statuses = Object.entries(report.byStatus).map(([status, count]) => `${status}: ${count}`);
  return [
    `${report.requests} requests in ${(report.elapsedMs / 1_000).toFixed(1)} s (${report.perSecond}/s)`,
    `${report.failed} failed`,
    statuses.length > 0 ? statuses.join(', ') : 'no answers',
    `p50 ${report.p50Ms} ms, p95 ${report.p95Ms} ms, p99 ${report.p99Ms} ms`,
  ].join('; ');
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown> | null> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > bodyLimitBytes) return null;
    parts.push(part);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isTextRecord(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((item) => typeof item === 'string')
  );
}
