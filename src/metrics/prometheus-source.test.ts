import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { examplePlan } from '../../test/fakes/examples.ts';
import type { MetricReading } from '../engine/ports.ts';
import { CombinedSource } from './combined-source.ts';
import { type PrometheusQuery, PrometheusSource } from './prometheus-source.ts';
import { ProxySource } from './proxy-source.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A server that speaks Prometheus' HTTP API as far as `answer` says. */
async function prometheus(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function vector(...values: readonly string[]): string {
  const result = values.map((value) => ({ metric: {}, value: [1_700_000_000.5, value] }));
  return JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
}

function sourceOf(queries: Readonly<Record<string, Partial<PrometheusQuery>>>): PrometheusSource {
  const defaults = { address: 'http://127.0.0.1:1', query: 'up', headers: {}, intervalMs: 10_000 };
  const filled = Object.fromEntries(
    Object.entries(queries).map(([name, query]) => [name, { ...defaults, ...query }]),
  );
  const source = new PrometheusSource({ queriesOf: () => filled });
  closers.push(() => source.close());
  return source;
}

async function readOnce(body: string, status = 200): Promise<unknown> {
  const address = await prometheus((_request, response) => response.writeHead(status).end(body));
  const reading = await sourceOf({ latency: { address } }).read('default/shop', examplePlan, null, 1_000);
  const { value, error } = reading.samples[0] ?? {};
  return error === undefined ? value : error.replace(address, 'URL');
}

test.each([
  ['one series', vector('0.25'), 0.25],
  ['no series', vector(), null],
  ['NaN', vector('NaN'), null],
  ['infinity', vector('+Inf'), Number.POSITIVE_INFINITY],
  [
    'a scalar',
    JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [1, '1e-3'] } }),
    0.001,
  ],
  [
    'several series',
    vector('1', '2'),
    'Prometheus at URL: the query gives 2 series, and must give one: aggregate it, for example with sum(...)',
  ],
  [
    'a range',
    JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [] } }),
    'Prometheus at URL: the query gives a range of samples: write an instant query, without [5m] at its end',
  ],
  ['a word', vector('many'), 'Prometheus at URL: its value "many" is not a number'],
  ['an empty value', vector(''), 'Prometheus at URL: its value "" is not a number'],
  ['a page of a proxy', '<html>', 'Prometheus at URL: it answered 200 without JSON'],
  ['null', 'null', 'Prometheus at URL: it answered 200 without JSON'],
])('%s', async (_name, body, expected) => {
  expect(await readOnce(body)).toBe(expected);
});

test('a refused query says why', async () => {
  const body = JSON.stringify({ status: 'error', errorType: 'bad_data', error: 'unknown function "sums"' });
  expect(await readOnce(body, 400)).toBe(
    'Prometheus at URL: it refused the query: bad_data: unknown function "sums"',
  );
});

test('an answer without end is cut off', async () => {
  const address = await prometheus((_request, response) => {
    const fill = (): void => {
      while (response.write('x'.repeat(65_536)));
    };
    response.on('drain', fill);
    fill();
  });
  const { samples } = await sourceOf({ latency: { address } }).read('default/shop', examplePlan, null, 1_000);
  expect(samples[0]?.error).toContain('answered more than 262144 bytes');
});

test('headers, and a user in the address as basic authentication, whose password no message shows', async () => {
  const seen: (readonly [string | undefined, string | undefined, unknown])[] = [];
  const address = await prometheus((request, response) => {
    seen.push([request.url, request.headers.authorization, request.headers['x-scope-orgid']]);
    response.writeHead(500).end('no');
  });
  const withUser = address.replace('http://', 'http://ada:s%3Acret@');
  const reading = await sourceOf({
    basic: { address: `${withUser}/prom/`, query: 'sum(rate(a{b="c&d"}[1m]))' },
    bearer: { address, headers: { Authorization: ['Bearer t0ken'], 'X-Scope-OrgID': ['team'] } },
  }).read('default/shop', examplePlan, null, 1_000);
  expect(seen.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))).toEqual([
    ['/api/v1/query?query=up&timeout=5000ms', 'Bearer t0ken', 'team'],
    [
      '/prom/api/v1/query?query=sum%28rate%28a%7Bb%3D%22c%26d%22%7D%5B1m%5D%29%29&timeout=5000ms',
      `Basic ${btoa('ada:s:cret')}`,
      undefined,
    ],
  ]);
  expect(JSON.stringify(reading)).not.toMatch(/cret|t0ken/);
});

test('one that cannot be reached is an error of its checks alone, and is asked again at once', async () => {
  const address = await prometheus((_request, response) => response.end(vector('3')));
  const source = sourceOf({ down: {}, up: { address } });
  const first = await source.read('default/shop', examplePlan, null, 1_000);
  expect(first.samples[0]).toMatchObject({ check: 'down', value: null });
  expect(first.samples[0]?.error).toMatch(/^Prometheus at http:\/\/127\.0\.0\.1:1 did not answer: ./);
  expect(first.samples[1]).toEqual({ check: 'up', atMs: 1_000, value: 3 });
  const second = await source.read(
    'default/shop',
    examplePlan,
    JSON.parse(JSON.stringify(first.cursor)),
    2_000,
  );
  expect(second.samples.map((sample) => sample.check)).toEqual(['down']);
  expect(second.blocks).toEqual([{ atMs: 2_000, durationMs: 1_000 }]);
});

test('an address that is no URL is said, not thrown', async () => {
  const { samples } = await sourceOf({ odd: { address: 'prometheus:9090' } }).read(
    'default/shop',
    examplePlan,
    null,
    1_000,
  );
  expect(samples[0]?.error).toBe('the address of Prometheus is not an http or https URL');
});

test('combined: blocks of the proxy, samples of Prometheus, each with its own cursor; time counts once', async () => {
  const address = await prometheus((_request, response) => response.end(vector('3')));
  let requests = 0;
  const arms = () => {
    const counters = { requests, errors: 0, latency: { bounds: [1], cumulative: [requests] } };
    return { canary: counters, stable: counters };
  };
  const proxy = new ProxySource({
    counters: () => Promise.resolve([{ worker: 'a', atMs: 1, startedAtMs: 0, arms: arms() }]),
  });
  const source = new CombinedSource({ proxy, prometheus: sourceOf({ queue: { address } }) });
  let cursor: unknown = null;
  const readings: MetricReading[] = [];
  for (const nowMs of [1_000, 2_000]) {
    const reading = await source.read('default/shop', examplePlan, cursor, nowMs);
    readings.push(reading);
    cursor = reading.cursor;
    requests += 5;
  }
  expect(
    readings.map(({ blocks, samples }) => [
      blocks.length,
      blocks[0]?.canary?.requests,
      blocks[0]?.durationMs,
      samples.length,
    ]),
  ).toEqual([
    [0, undefined, undefined, 1],
    [1, 5, 1_000, 0],
  ]);
});

test('combined: when one source throws nothing is lost, since no cursor moved', async () => {
  let answers = false;
  const counters = { requests: 9, errors: 1, latency: { bounds: [1], cumulative: [9] } };
  const proxy = new ProxySource({
    counters: () =>
      Promise.resolve(
        answers
          ? [{ worker: 'a', atMs: 1, startedAtMs: 0, arms: { canary: counters, stable: counters } }]
          : [],
      ),
  });
  const source = new CombinedSource({ proxy });
  await expect(source.read('default/shop', examplePlan, null, 1_000)).rejects.toMatchObject({
    code: 'metrics-unavailable',
  });
  answers = true;
  expect((await source.read('default/shop', examplePlan, null, 2_000)).blocks).toEqual([]);
});
