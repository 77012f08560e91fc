import * as fs from 'node:fs';
import * as net from 'node:net';
import { LineReader } from './line-reader.ts';
import type { WorkerRequest, WorkerResponse } from './messages.ts';

const lineLimitBytes = 64 * 1024;
/** An engine that asks and does not read the answers. */
const maxUnreadBytes = 16 * 1024 * 1024;

export interface ControlServer {
  close(): void;
}

type Answer<R = WorkerResponse> = R extends WorkerResponse ? Omit<R, 'id'> : never;

export type ControlAnswer = Answer;

export interface ControlServerOptions {
  readonly socketPath: string;
  readonly answer: (request: WorkerRequest) => ControlAnswer;
  /** Any line came. */
  readonly onHeard: () => void;
}

/** The Unix socket that the engine speaks to: a JSON object a line, answered in order. Resolves when it is open. */
export function openControlServer(options: ControlServerOptions): Promise<ControlServer> {
  fs.rmSync(options.socketPath, { force: true });
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    const reader = new LineReader(lineLimitBytes, (line) => {
      options.onHeard();
      socket.write(`${JSON.stringify(answerLine(line, options.answer))}\n`);
      if (socket.writableLength > maxUnreadBytes) socket.destroy();
    });
    socket.on('data', (data) => {
      if (!reader.push(data)) socket.destroy();
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.socketPath, () => {
      fs.chmodSync(options.socketPath, 0o600);
      resolve({
        close: () => {
          server.close();
          for (const socket of sockets) socket.destroy();
        },
      });
    });
  });
}

function answerLine(line: string, answer: (request: WorkerRequest) => ControlAnswer): WorkerResponse {
  let id = 0;
  try {
    const parsed = JSON.parse(line) as Partial<WorkerRequest> | null;
    if (typeof parsed?.id !== 'number' || typeof parsed.method !== 'string')
      return badRequest(id, 'no id or method');
    id = parsed.id;
    return { id, ...answer(parsed as WorkerRequest) };
  } catch (error) {
    return badRequest(id, error instanceof Error ? error.message : String(error));
  }
}

function badRequest(id: number, message: string): WorkerResponse {
  return { id, ok: false, error: 'bad-request', message };
}
