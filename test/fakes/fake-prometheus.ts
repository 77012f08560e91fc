import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseDuration } from '../../src/lib/duration.ts';

export interface FakeSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** In milliseconds since the epoch. */
  readonly samples: readonly (readonly [atMs: number, value: number])[];
}

export interface FakePrometheus {
  readonly address: string;
  /** As they were asked. */
  readonly queries: readonly { readonly query: string; readonly atMs: number }[];
  close(): void;
}

/** Answers instant queries of `selector[range]` with stored samples, from the start of the range, as Prometheus 2 does, up to its end. */
export async function fakePrometheus(
  series: Readonly<Record<string, readonly FakeSeries[]>>,
  /** True: it has answered itself. */
  first: (query: string, response: ServerResponse) => boolean = () => false,
): Promise<FakePrometheus> {
  const queries: { query: string; atMs: number }[] = [];
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const query = searchParams.get('query') ?? '';
    const atMs = Number(searchParams.get('time')) * 1000;
    queries.push({ query, atMs });
    if (first(query, response)) return;
    const [, selector = '', range = ''] = /^(.*)\[(\w+)\]$/.exec(query) ?? [];
    const length = parseDuration(range);
    const fromMs = atMs - (length.ok ? length.value : 0);
    const result = (series[selector] ?? []).flatMap(({ labels, samples }) => {
      const values = samples
        .filter(([sampleMs]) => sampleMs >= fromMs && sampleMs <= atMs)
        .map(([sampleMs, value]) => [sampleMs / 1000, String(value)]);
      return values.length === 0 ? [] : [{ metric: labels, values }];
    });
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    queries,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
