import { unreachable } from '../../../lib/assert.ts';
import { spawn } from 'node:child_process';
import { get } from 'node:http';
import { connect } from 'node:net';
import type { ProbeSpec } from '../../../resource/service-spec.ts';

/** Of one attempt; `message` says why it failed. */
export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly message: string };

export interface ProbeContext {
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string | null;
}

/**
 * One attempt, as kubelet makes it: HTTP passes with a status of 200 to 399, TCP with a connection, exec with exit code 0.
 * Redirects count as an answer and are not followed. Never rejects.
 */
export function probeOnce(
  action: ProbeSpec['action'],
  timeoutMs: number,
  context: ProbeContext,
): Promise<ProbeResult> {
  switch (action.kind) {
    case 'http':
      return probeHttp(action, timeoutMs, context.port);
    case 'tcp':
      return probeTcp(action.port ?? context.port, timeoutMs);
    case 'exec':
      return runCommand(action.command, timeoutMs, context);
    default:
      return unreachable(action);
  }
}

function probeHttp(
  action: Extract<ProbeSpec['action'], { readonly kind: 'http' }>,
  timeoutMs: number,
  ownPort: number,
): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const request = get({
      host: action.host ?? '127.0.0.1',
      port: action.port ?? ownPort,
      path: action.path.startsWith('/') ? action.path : `/${action.path}`,
      headers: { 'user-agent': 'sluice-probe', connection: 'close', ...action.headers },
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.once('response', (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      resolve(status >= 200 && status < 400 ? { ok: true } : { ok: false, message: `status ${status}` });
    });
    request.once('error', (error) => resolve({ ok: false, message: timeoutOr(error, timeoutMs) }));
  });
}

function probeTcp(port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, signal: AbortSignal.timeout(timeoutMs) });
    socket.once('connect', () => {
      socket.destroy();
      resolve({ ok: true });
    });
    socket.once('error', (error) => resolve({ ok: false, message: timeoutOr(error, timeoutMs) }));
  });
}

/** Runs a command of an exec probe or preStop: exit code 0 passes, at the limit its whole group is killed. */
export function runCommand(
  command: readonly string[],
  timeoutMs: number,
  context: ProbeContext,
): Promise<ProbeResult> {
  const [file, ...args] = command;
  if (file === undefined) return Promise.resolve({ ok: false, message: 'the command is empty' });
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      detached: true,
      env: { ...context.env },
      stdio: 'ignore',
      ...(context.workingDir === null ? {} : { cwd: context.workingDir }),
    });
    const timer = setTimeout(() => {
      if (child.pid !== undefined) killGroupNow(child.pid);
      resolve({ ok: false, message: `no result within ${timeoutMs} ms` });
    }, timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve({ ok: false, message: error.message });
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      resolve(
        code === 0
          ? { ok: true }
          : { ok: false, message: code === null ? `ended by ${signal}` : `exit code ${code}` },
      );
    });
  });
}

function killGroupNow(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

function timeoutOr(error: Error, timeoutMs: number): string {
  return error.name === 'AbortError' || error.name === 'TimeoutError'
    ? `no answer within ${timeoutMs} ms`
    : error.message;
}
