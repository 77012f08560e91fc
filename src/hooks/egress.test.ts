import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import {
  bodyLimitBytes,
  createEgress,
  type EgressOptions,
  type EgressResponse,
  refusalOfAddress,
} from './egress.ts';

async function sendTo(
  options: EgressOptions,
  url: string,
  timeoutMs = 2_000,
): Promise<EgressResponse | string> {
  const egress = createEgress(options);
  try {
    return await egress.send({ method: 'POST', url, timeoutMs, body: '{}' });
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown
      ? `${String(thrown.code)}: ${thrown.message}`
      : String(thrown);
  } finally {
    await egress.close();
  }
}

async function withServer<T>(listener: RequestListener, use: (port: number) => Promise<T>): Promise<T> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test.each([
  ['169.254.169.254', true, false],
  ['::ffff:169.254.169.254', true, false],
  ['fe80::1', true, false],
  ['fd00:ec2::254', true, false],
  ['0.0.0.0', true, false],
  ['127.0.0.1', true, true],
  ['127.0.0.1', false, false],
  ['::1', false, false],
  ['::ffff:127.0.0.1', false, false],
  ['10.1.2.3', false, true],
])('%s with loopback allowed %s: %s', (address, allowLoopback, allowed) => {
  expect(refusalOfAddress(address, allowLoopback) === null).toBe(allowed);
});

test.each([
  ['file:///etc/passwd', 'egress-refused: file: is not http or https'],
  ['http://u:p@127.0.0.1/', 'egress-refused: a URL of an outgoing call carries no credentials'],
  [
    'http://169.254.169.254/latest/meta-data',
    'egress-refused: 169.254.169.254 is a link-local, multicast or metadata address',
  ],
  ['http://metadata.google.internal/', 'egress-refused: metadata.google.internal is a metadata service'],
  ['nonsense', 'egress-refused: "nonsense" is not a URL'],
  ['http://127.0.0.1:1/', 'egress-refused: 127.0.0.1 is a loopback address'],
  ['http://localhost:1/', 'egress-refused: localhost is not called: 127.0.0.1 is a loopback address'],
])('refuses %s', async (url, message) => {
  const answer = await sendTo({ allowLoopback: false }, url);
  expect((typeof answer === 'string' ? answer : '').replace('::1 is', '127.0.0.1 is')).toBe(message);
});

test('only listed hosts, when there is a list', async () => {
  expect(await sendTo({ allowLoopback: true, allowedHosts: ['.example.com'] }, 'http://127.0.0.1:1/')).toBe(
    'egress-refused: 127.0.0.1 is not among the allowed hosts',
  );
});

test('does not follow a redirect, and reads at most the limit', async () => {
  await withServer(
    (request, response) => {
      if (request.url === '/moved') response.writeHead(302, { location: '/big' }).end();
      else response.end('x'.repeat(bodyLimitBytes * 4));
    },
    async (port) => {
      expect(await sendTo({ allowLoopback: true }, `http://127.0.0.1:${port}/moved`)).toMatchObject({
        status: 302,
        body: '',
      });
      const big = await sendTo({ allowLoopback: true }, `http://127.0.0.1:${port}/big`);
      expect(typeof big === 'string' ? big : big.body.length).toBe(bodyLimitBytes);
    },
  );
});

test('a name of this machine goes to its address, with its name as Host', async () => {
  await withServer(
    (request, response) => response.end(request.headers.host),
    async (port) => {
      const resolveName = (host: string): string | null =>
        host === 'flagger-loadtester' ? `127.0.0.1:${port}` : null;
      expect(
        await sendTo({ allowLoopback: true, resolveName }, 'http://flagger-loadtester/gate'),
      ).toMatchObject({
        status: 200,
        body: 'flagger-loadtester',
      });
    },
  );
});

test('ends at its time', async () => {
  await withServer(
    () => undefined,
    async (port) => {
      expect(await sendTo({ allowLoopback: true }, `http://127.0.0.1:${port}/`, 50)).toMatch(
        /^hook-failed: .*timeout/i,
      );
    },
  );
});
