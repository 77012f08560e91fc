import type { Probe } from 'kubernetes-types/core/v1.js';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/kube/clock.ts';
import { runHandler } from './handler.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-handler-'));
const asked: string[] = [];
let server: Server;
let port = 0;
let closedPort = 0;

const portOf = (of: Server): number => (of.address() as AddressInfo).port;
const listening = (of: Server): Promise<void> =>
  new Promise((resolve) => of.listen(0, '127.0.0.1', () => resolve()));

beforeAll(async () => {
  server = createServer(({ url = '', headers }, response) => {
    asked.push([url, headers['user-agent'], headers['x-probe']].join(' '));
    if (url === '/hang') return;
    response.writeHead(Number(url.slice(1)), { Location: '/500' }).end();
  });
  await listening(server);
  port = portOf(server);
  const closed = createServer();
  await listening(closed);
  closedPort = portOf(closed);
  await new Promise((resolve) => closed.close(resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function run(
  probe: Probe | { readonly sleep: { readonly seconds: number } },
  withinMs = 5000,
): Promise<string | null> {
  const container = { name: 'app', ports: [{ name: 'web', containerPort: port }] };
  const env = { PATH: process.env['PATH'] ?? '', WORD: 'heard' };
  const target = { container, ip: '127.0.0.1', env, cwd: folder };
  return runHandler(probe, target, systemClock(), AbortSignal.timeout(withinMs));
}

describe('a probe or hook', () => {
  test('by HTTP succeeds from 200 to 399', async () => {
    const answers = await Promise.all(
      [200, 204, 302, 399, 400, 500].map((status) => run({ httpGet: { path: `/${status}`, port } })),
    );
    const failed = (status: number): string => `HTTP probe failed with statuscode: ${status}`;
    expect(answers).toEqual([null, null, null, null, failed(400), failed(500)]);
    // The redirect to it is not followed.
    expect(asked.filter((line) => line.startsWith('/500'))).toHaveLength(1);
  });

  test('by HTTP finds ports by name, sends headers, and says what keeps it from an answer', async () => {
    asked.length = 0;
    const httpHeaders = [{ name: 'X-Probe', value: 'yes' }];
    expect(await run({ httpGet: { path: '/200', port: 'web', httpHeaders } })).toBe(null);
    expect(asked).toEqual(['/200 kube-probe/1.36 yes']);
    expect(await run({ httpGet: { port: 'metrics' } })).toBe('no port metrics');
    expect(await run({ httpGet: { port: closedPort } })).toBe(`connect ECONNREFUSED 127.0.0.1:${closedPort}`);
    expect(await run({ httpGet: { path: '/hang', port } }, 50)).toMatch(/aborted/);
  });

  test('by TCP succeeds where somebody listens', async () => {
    expect(await run({ tcpSocket: { port } })).toBe(null);
    expect(await run({ tcpSocket: { port: 'none' } })).toBe('no port none');
    expect(await run({ tcpSocket: { port: closedPort } })).toBe(
      `connect ECONNREFUSED 127.0.0.1:${closedPort}`,
    );
  });

  test('by a command succeeds with exit code 0, in the environment of its container, and ends with its time', async () => {
    const command = (script: string): Probe => ({ exec: { command: ['sh', '-c', script] } });
    expect(await run(command('echo $WORD > word'))).toBe(null);
    expect(readFileSync(join(folder, 'word'), 'utf8')).toBe('heard\n');
    expect(await run(command('exit 4'))).toBe('the command ended with 4');
    expect(await run(command('sleep 60'), 100)).toBe('the command ended with -1');
    expect(await run({ exec: { command: ['no-such-program'] } })).toBe(
      '"no-such-program" was not found in ' + folder,
    );
  });

  test('by gRPC succeeds where the service is SERVING', async () => {
    const health = createHttp2Server();
    const services: string[] = [];
    health.on('stream', (stream, headers) => {
      stream.on('data', (frame: Buffer) => {
        const service = frame.subarray(7).toString();
        services.push(`${headers[':path']} ${service}`);
        if (service === 'hang') return;
        stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([0, 0, 0, 0, 2, 8, service === 'down' ? 2 : 1]));
      });
    });
    await new Promise<void>((resolve) => health.listen(0, '127.0.0.1', () => resolve()));
    const { port: own } = health.address() as AddressInfo;
    expect(await run({ grpc: { port: own } })).toBe(null);
    expect(await run({ grpc: { port: own, service: 'shop' } })).toBe(null);
    expect(await run({ grpc: { port: own, service: 'down' } })).toBe(
      'gRPC health is not SERVING (grpc-status 0)',
    );
    expect(await run({ grpc: { port: own, service: 'hang' } }, 50)).toMatch(/aborted/);
    expect(await run({ grpc: { port: closedPort } })).toMatch(/connect ECONNREFUSED/);
    const path = '/grpc.health.v1.Health/Check';
    expect(services).toEqual([`${path} `, `${path} shop`, `${path} down`, `${path} hang`]);
    await new Promise<void>((resolve) => health.close(() => resolve()));
  });

  test('may sleep; without anything it is not known', async () => {
    const startMs = performance.now();
    expect(await run({ sleep: { seconds: 0.05 } })).toBe(null);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(50);
    expect(await run({})).toBe('this kind of handler is not known here');
  });
});
