import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { fakePrometheus, type FakePrometheus, type FakeSeries } from '../../test/fakes/fake-prometheus.ts';
import type { History } from '../analysis/history/history.ts';
import { type HistoryLimits, type HistoryRequest, readPrometheusHistory } from './prometheus-history.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const startMs = Date.parse('2026-01-05T00:00:00Z');
const total = 'http_requests_total{job="shop"}';
const bad = 'http_requests_total{job="shop",code=~"5.."}';
const buckets = 'http_request_duration_seconds_bucket{job="shop"}';

/** A scrape each 15 s from `first` on; a missing value is a scrape that failed. */
function counter(
  labels: Readonly<Record<string, string>>,
  values: readonly (number | null)[],
  first = 0,
  offsetMs = 0,
): FakeSeries {
  const samples = values.flatMap((value, index) =>
    value === null ? [] : [[startMs + (first + index) * 15_000 + offsetMs, value] as const],
  );
  return { labels, samples };
}

async function server(...arguments_: Parameters<typeof fakePrometheus>): Promise<FakePrometheus> {
  const fake = await fakePrometheus(...arguments_);
  closers.push(() => fake.close());
  return fake;
}

async function read(
  { address }: FakePrometheus,
  selectors: HistoryRequest['selectors'],
  parts: Partial<HistoryRequest> = {},
  limits: Partial<HistoryLimits> = {},
): Promise<History> {
  return await readPrometheusHistory(
    { address, headers: {}, selectors, fromMs: startMs - 1, toMs: startMs + 150_000, ...parts },
    { timeoutMs: 5_000, maxBytes: 1_000_000, ...limits },
  );
}

/** `seconds since the start: pod requests/errors` */
function shown({ blocks }: History): readonly string[] {
  return blocks.map(({ atMs, pods }) => {
    const parts = pods.map(({ pod, counts }) => {
      const latency = counts.latency === undefined ? '' : ` [${counts.latency.cumulative.join(' ')}]`;
      return `${pod} ${counts.requests}/${counts.errors}${latency}`;
    });
    return `${(atMs - startMs) / 1000}: ${parts.join(', ')}`;
  });
}

async function errorOf(promise: Promise<unknown>, address = 'http://127'): Promise<string> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'metrics-unavailable' });
  return (error as Error).message.replace(address, 'URL');
}

test('counters by pod, with a restart, a birth of a pod and of a class of errors, and scrapes that failed', async () => {
  const fake = await server({
    [total]: [
      counter({ pod: 'a', code: '200' }, [100, 110, 120, 5, 15, null, 40, 50]),
      counter({ pod: 'a', code: '500' }, [1, 2, 3], 4),
      counter({ pod: 'b', code: '200' }, [30, 40, 50], 3, 4_000),
    ],
    [bad]: [counter({ pod: 'a', code: '500' }, [1, 2, 3], 4)],
  });
  const history = await read(fake, { total, bad });
  expect(shown(history)).toEqual([
    '15: a 10/0',
    '30: a 10/0',
    // The restart: what it counted since is all that is known.
    '45: a 5/0',
    // The first error of a pod that was there before, and a pod that is new.
    '60: a 11/1, b 30/0',
    // The scrape of one class failed: it stands where it stood.
    '75: a 1/1, b 10/0',
    '90: a 26/1, b 10/0',
    '105: a 10/0',
  ]);
  expect(history.resets).toBe(1);
  expect(history.notes).toEqual([]);
});

test('after a restart no series keeps what it had, until it counts again; NaN is no sample', async () => {
  const fake = await server({
    [total]: [counter({ pod: 'a' }, [10, 20, 3, 6, Number.NaN, 9])],
    [bad]: [counter({ pod: 'a', code: '500' }, [2, 5, null, 1, 1, 1])],
  });
  expect(shown(await read(fake, { total, bad }))).toEqual([
    '15: a 10/3',
    '30: a 3/0',
    '45: a 3/1',
    '60: a 0/0',
    '75: a 3/0',
  ]);
});

test('many chunks give what one gives, and no sample counts twice', async () => {
  const values = Array.from({ length: 2000 }, (_, index) => index * 7 + (index % 5));
  const fake = await server({ [total]: [counter({ pod: 'a' }, values), counter({ pod: 'b' }, values, 900)] });
  const toMs = startMs + 2000 * 15_000;
  const history = await read(fake, { total }, { toMs });
  expect(fake.queries.length).toBe(5);
  expect(history.blocks.length).toBe(2000);
  const sums = new Map<string, number>();
  for (const { pods } of history.blocks)
    for (const { pod, counts } of pods) sums.set(pod, (sums.get(pod) ?? 0) + counts.requests);
  expect(sums.get('a')).toBe((values[1999] ?? 0) - (values[0] ?? 0));
  expect(sums.get('b')).toBe(values[1100]);
  expect(history.blocks.at(-1)?.atMs).toBe(toMs);
});

test('a long gap is no block, and nothing of it is counted', async () => {
  const fake = await server({
    [total]: [counter({ pod: 'a' }, [0, 10, null, null, null, null, null, 900, 910])],
  });
  expect(shown(await read(fake, { total }))).toEqual(['15: a 10/0', '120: a 10/0']);
});

describe('latency', () => {
  const series = (inf: readonly number[], unit = 'seconds'): readonly FakeSeries[] =>
    [
      ['0.5', [0, 5, 10]],
      ['1.0', [0, 8, 16]],
      ['+Inf', inf],
    ].map(([le, values]) => {
      const name = `http_request_duration_${unit}_bucket`;
      return counter({ __name__: name, pod: 'a', le: String(le) }, values as readonly number[]);
    });

  test('buckets alone count the requests', async () => {
    const fake = await server({ [buckets]: series([0, 10, 20]) });
    const history = await read(fake, { buckets });
    expect(shown(history)).toEqual(['15: a 10/0 [5 8]', '30: a 10/0 [5 8]']);
    expect(history.blocks[0]?.pods[0]?.counts.latency?.bounds).toEqual([0.5, 1]);
  });

  test('names in milliseconds are read as such', async () => {
    const fake = await server({ [buckets]: series([0, 10, 20], 'milliseconds') });
    const history = await read(fake, { buckets });
    expect(history.blocks[0]?.pods[0]?.counts.latency?.bounds).toEqual([0.0005, 0.001]);
  });

  test('beside a total of other requests it is left out, and that is said', async () => {
    const fake = await server({
      [total]: [counter({ pod: 'a' }, [0, 50, 100])],
      [buckets]: series([0, 10, 20]),
    });
    const history = await read(fake, { total, buckets });
    expect(shown(history)).toEqual(['15: a 50/0', '30: a 50/0']);
    expect(history.notes).toEqual([
      'The buckets hold other requests than the total, so latency is left out: select the same requests.',
    ]);
  });

  test('a selector that is none of buckets', async () => {
    const fake = await server({ [buckets]: [counter({ pod: 'a' }, [0, 1, 2])] });
    expect(await errorOf(read(fake, { buckets }))).toBe(
      'the selector of buckets gives series without a bound "le"',
    );
  });
});

describe('what cannot be', () => {
  test('no such series; no series of errors is said', async () => {
    const fake = await server({ [total]: [counter({ pod: 'a' }, [0, 1, 2])] });
    expect(await errorOf(read(fake, { total: 'nothing' }))).toBe(
      'there is no series nothing between 2026-01-04T23:59:59Z and 2026-01-05T00:02:30Z',
    );
    expect((await read(fake, { total, bad })).notes).toEqual([
      `There is no series ${bad}: either nothing failed, or the selector is wrong.`,
    ]);
  });

  test('a rate, or more errors than requests, or errors of other pods', async () => {
    const fake = await server({
      rate: [counter({ pod: 'a' }, [0.1, 0.25, 0.3])],
      [total]: [counter({ pod: 'a' }, [0, 10, 20])],
      more: [counter({ pod: 'a' }, [0, 11, 30])],
      others: [counter({ instance: 'gateway' }, [0, 1, 2])],
    });
    expect(await errorOf(read(fake, { total: 'rate' }))).toBe(
      'the selector of total gives 0.1, which is no count: select a raw counter',
    );
    expect(await errorOf(read(fake, { total, bad: 'more' }))).toBe(
      'bad counts 11 where total counts 10 of the same pod: bad has to be a part of total',
    );
    expect(await errorOf(read(fake, { total, bad: 'others' }))).toBe(
      'bad counts in pods in which total does not: both have to come from the same pods',
    );
  });

  const answers: readonly (readonly [string, number, string, string])[] = [
    ['a page', 200, '<html>Sign in</html>', 'it answered 200 without JSON'],
    [
      'a refusal',
      400,
      '{"status":"error","errorType":"bad_data","error":"parse error"}',
      'it refused the query: bad_data: parse error',
    ],
    [
      'a vector',
      200,
      '{"status":"success","data":{"resultType":"vector","result":[]}}',
      'it did not answer with a range of samples: write a plain selector of a counter',
    ],
    [
      'native histograms',
      200,
      '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"histograms":[]}]}}',
      'the selector gives native histograms, which are not read from history: select classic buckets',
    ],
    [
      'a sample that is none',
      200,
      '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"many"]]}]}}',
      'a sample of its answer is not a pair of time and value',
    ],
  ];
  test.each(answers)('%s', async (_name, status, body, message) => {
    const fake = await server({}, (_query, response) => response.writeHead(status).end(body) !== undefined);
    expect(await errorOf(read(fake, { total }), fake.address)).toBe(
      `Prometheus at URL, asked for total: ${message}`,
    );
  });

  test('nobody is there', async () => {
    const fake = await server({});
    fake.close();
    expect(await errorOf(read(fake, { total }), fake.address)).toMatch(
      /^Prometheus at URL did not answer: ./,
    );
  });

  test('an address that is none', async () => {
    const fake = { ...(await server({})), address: 'prometheus:9090' };
    expect(await errorOf(read(fake, { total }))).toBe(
      'the address of Prometheus is not an http or https URL',
    );
  });
});

describe('what is too much at once is asked for in shorter parts', () => {
  const values = Array.from({ length: 480 }, (_, index) => index);
  const series = { [total]: [counter({ pod: 'a' }, values)] };
  const toMs = startMs + 480 * 15_000 - 1;
  const tooMany =
    '{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory"}';
  const refuseFrom =
    (least: number) =>
    (query: string, response: ServerResponse): boolean => {
      const isLong = Number(/\[(\d+)h/.exec(query)?.[1] ?? 0) >= least;
      if (isLong) response.writeHead(422).end(tooMany);
      return isLong;
    };

  test('where the server refuses it', async () => {
    const fake = await server(series, refuseFrom(1));
    const history = await read(fake, { total }, { toMs });
    expect(history.blocks.length).toBe(479);
    expect(fake.queries.map(({ query }) => query.slice(total.length))).toEqual([
      '[2h]',
      '[1h]',
      '[30m]',
      '[30m]',
      '[30m]',
      '[30m]',
    ]);
  });

  test('where the answer is too large, or never comes', async () => {
    const large = await server(series);
    expect((await read(large, { total }, { toMs }, { maxBytes: 4_000 })).blocks.length).toBe(479);
    const late = await server(series, (query) => query.endsWith('[2h]'));
    expect((await read(late, { total }, { toMs }, { timeoutMs: 300 })).blocks.length).toBe(479);
  });

  test('and given up where nothing is short enough', async () => {
    const fake = await server(
      series,
      (_query, response) => response.writeHead(422).end(tooMany) !== undefined,
    );
    expect(await errorOf(read(fake, { total }, { toMs }), fake.address)).toBe(
      'Prometheus at URL, asked for total: it refused the query: execution: query processing would load too many samples into memory',
    );
    expect(fake.queries.length).toBe(6);
  });
});
