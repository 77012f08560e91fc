import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { parseHeyArguments } from './load-plan.ts';
import { type LoadOptions, type LoadReport, runLoad } from './load.ts';

async function loadAgainst(
  listener: RequestListener,
  words: string,
  options: LoadOptions = {},
): Promise<LoadReport> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const plan = parseHeyArguments([...words.split(' '), `http://shop-canary/x`]);
  if (!plan.ok) throw new Error(plan.error);
  try {
    return await runLoad(plan.value, {
      resolveName: (host) => (host === 'shop-canary' ? `127.0.0.1:${port}` : null),
      ...options,
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('sends exactly as many as asked, to the mapped address, with the name as Host', async () => {
  const hosts = new Set<string | undefined>();
  const report = await loadAgainst((request, response) => {
    hosts.add(request.headers.host);
    response.end('ok');
  }, '-n 100 -c 7');
  expect(report).toMatchObject({ requests: 100, failed: 0, byStatus: { 200: 100 }, errors: {} });
  expect([...hosts]).toEqual(['shop-canary']);
});

test('counts statuses, and an answer that is cut short as failed', async () => {
  let count = 0;
  const report = await loadAgainst((_, response) => {
    count += 1;
    if (count % 3 === 0) {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setImmediate(() => response.destroy());
    } else response.writeHead(count % 3 === 1 ? 200 : 503).end();
  }, '-n 30 -c 1');
  expect(report).toMatchObject({ requests: 30, failed: 10, byStatus: { 200: 10, 503: 10 } });
});

test('keeps to its rate and its time', async () => {
  const report = await loadAgainst((_, response) => response.end(), '-z 500ms -c 2 -q 20');
  expect(report.failed).toBe(0);
  expect(report.requests).toBeGreaterThan(5);
  expect(report.requests).toBeLessThanOrEqual(22);
});

test('ends when told', async () => {
  const stop = new AbortController();
  const report = await loadAgainst((_, response) => response.end(), '-z 1h -c 2', {
    signal: stop.signal,
    onResponse: () => stop.abort(),
  });
  expect(report.requests).toBeLessThanOrEqual(4);
});
