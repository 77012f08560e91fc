import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { HTTPGetAction, LifecycleHandler, Probe, TCPSocketAction } from 'kubernetes-types/core/v1.js';
import { type Clock, sleep } from '../../../src/kube/clock.ts';
import { signalGroup } from '../../../src/platform/local/process/identity.ts';
import { spawnProcess } from '../../../src/platform/local/process/spawn-process.ts';
import { checkGrpcHealth } from './grpc-health.ts';
import type { HandlerResult, HandlerTarget } from './pod/container-host.ts';
import { portOf } from './pod/pod.ts';

/** Does what a probe or a hook says, until it is done or the signal is aborted. */
export async function runHandler(
  handler: Probe | LifecycleHandler,
  target: HandlerTarget,
  clock: Clock,
  signal: AbortSignal,
): Promise<HandlerResult> {
  if (signal.aborted) return 'no time is left';
  if (handler.exec !== undefined) return await runCommand(handler.exec.command ?? [], target, signal);
  if (handler.httpGet !== undefined) return await callHttp(handler.httpGet, target, signal);
  if (handler.tcpSocket !== undefined) return await callTcp(handler.tcpSocket, target, signal);
  if ('grpc' in handler && handler.grpc !== undefined) {
    return await checkGrpcHealth(target.ip, handler.grpc.port, handler.grpc.service ?? '', signal);
  }
  if ('sleep' in handler && handler.sleep !== undefined) {
    await sleep(clock, handler.sleep.seconds * 1000, signal);
    return null;
  }
  return 'this kind of handler is not known here';
}

/** 200 to 399 is a success, as for the kubelet; redirects are not followed, certificates are not looked at. */
function callHttp(action: HTTPGetAction, target: HandlerTarget, signal: AbortSignal): Promise<HandlerResult> {
  const port = portOf(action.port, target.container);
  if (port === null) return Promise.resolve(`no port ${String(action.port)}`);
  const secure = action.scheme === 'HTTPS';
  const headers = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  const options = {
    host: action.host ?? target.ip,
    port,
    path: action.path ?? '/',
    headers: { 'User-Agent': 'kube-probe/1.36', ...headers },
    agent: false,
    signal,
    ...(secure ? { rejectUnauthorized: false } : {}),
  };
  return new Promise((resolve) => {
    const request = (secure ? httpsRequest : httpRequest)(options, (response) => {
      const status = response.statusCode ?? 0;
      response.on('error', () => undefined).resume();
      resolve(status >= 200 && status < 400 ? null : `HTTP probe failed with statuscode: ${status}`);
    });
    request.on('error', (error) => resolve(error.message)).end();
  });
}

function callTcp(
  action: TCPSocketAction,
  target: HandlerTarget,
  signal: AbortSignal,
): Promise<HandlerResult> {
  const port = portOf(action.port, target.container);
  if (port === null) return Promise.resolve(`no port ${String(action.port)}`);
  return new Promise((resolve) => {
    const socket = connect({ host: action.host ?? target.ip, port, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve(null);
    });
    socket.once('error', (error) => resolve(error.message));
  });
}

async function runCommand(
  command: readonly string[],
  { env, cwd }: HandlerTarget,
  signal: AbortSignal,
): Promise<HandlerResult> {
  const started = await spawnProcess({ command, env, workingDir: cwd, logDescriptor: null });
  if (started.kind === 'failed') return started.message;
  const { child, identity } = started;
  const kill = (): void => void (identity !== null && signalGroup(identity, 'SIGKILL'));
  signal.addEventListener('abort', kill, { once: true });
  const code = await new Promise<number>((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode);
    else child.once('exit', (exitCode) => resolve(exitCode ?? -1));
  });
  signal.removeEventListener('abort', kill);
  return code === 0 ? null : `the command ended with ${code}`;
}
