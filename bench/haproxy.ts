import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Two HAProxy processes of one thread each: one that answers 1 KiB by itself, and one that proxies to it. */
export interface HaproxyPair {
  readonly version: string;
  readonly backendPort: number;
  readonly proxyPort: number;
  readonly proxyPid: number;
  close(): void;
}

const shared = `global
  nbthread 1
  maxconn 2000
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 2s
`;

/** null: it is not installed. */
export async function startHaproxy(): Promise<HaproxyPair | null> {
  const asked = spawnSync('haproxy', ['-v'], { encoding: 'utf8' });
  if (asked.error !== undefined || asked.status !== 0) return null;
  const version = /HAProxy version (\S+)/.exec(asked.stdout)?.[1] ?? 'unknown';
  const [backendPort, proxyPort] = [await freePort(), await freePort()];
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const backend = run(
    directory,
    'backend',
    `${shared}
frontend answers
  bind 127.0.0.1:${backendPort}
  http-request return status 200 content-type text/plain string "${'x'.repeat(1024)}"
`,
  );
  const proxy = run(
    directory,
    'proxy',
    `${shared}
frontend front
  bind 127.0.0.1:${proxyPort}
  default_backend arms
backend arms
  http-reuse always
  server stable 127.0.0.1:${backendPort}
`,
  );
  await Promise.all([reachable(backendPort), reachable(proxyPort)]);
  return {
    version,
    backendPort,
    proxyPort,
    proxyPid: proxy.pid ?? 0,
    close: () => {
      backend.kill('SIGKILL');
      proxy.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function run(directory: string, name: string, config: string): ChildProcess {
  const path = join(directory, `${name}.cfg`);
  writeFileSync(path, config);
  return spawn('haproxy', ['-f', path, '-db'], { stdio: 'ignore' });
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function reachable(port: number): Promise<void> {
  const end = performance.now() + 5_000;
  while (performance.now() < end) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = net.connect({ host: '127.0.0.1', port });
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nothing listens on port ${port}`);
}
