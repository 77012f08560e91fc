import { expect, test } from 'vitest';
import type { Endpoint } from '../proxy/messages.ts';
import { EndpointPublisher, type EndpointReceiver } from './endpoint-publisher.ts';

const endpoint = (id: string, state: Endpoint['state']): Endpoint => ({
  id,
  arm: 'stable',
  revision: 'r1',
  host: '127.0.0.1',
  port: 1,
  state,
});

class FakeWorker implements EndpointReceiver {
  readonly told: string[] = [];
  inForceVersion = 0;
  counts: Record<string, number> = {};

  sendEndpoints(_key: string, version: number, endpoints: readonly Endpoint[]): void {
    this.told.push(`${version}: ${endpoints.map(({ id, state }) => `${id} ${state}`).join()}`);
  }

  versionInForce(): number {
    return this.inForceVersion;
  }

  inFlight(endpointId: string): number | undefined {
    return this.counts[endpointId];
  }
}

test('tells changes alone, and an endpoint is in force when every worker has its state', () => {
  const workers = [new FakeWorker(), new FakeWorker()];
  const publisher = new EndpointPublisher('a', { receivers: () => workers });
  publisher.publish([endpoint('x', 'ready')]);
  publisher.publish([endpoint('x', 'ready')]);
  publisher.publish([endpoint('x', 'ready'), endpoint('y', 'ready')]);
  expect(workers[0]?.told).toEqual(['1: x ready', '2: x ready,y ready']);
  for (const worker of workers) worker.inForceVersion = 1;
  expect([publisher.inForce('x'), publisher.inForce('y')]).toEqual([true, false]);
  const [first, second] = workers;
  if (first !== undefined) first.inForceVersion = 2;
  expect(publisher.inForce('y')).toBe(false);
  if (second !== undefined) second.inForceVersion = 2;
  expect(publisher.inForce('y')).toBe(true);
  publisher.publish([endpoint('x', 'draining'), endpoint('y', 'ready')]);
  expect([publisher.inForce('x'), publisher.inForce('y')]).toEqual([false, true]);
});

test('drained when every worker has acknowledged it and nothing is in flight, or at the limit', async () => {
  const worker = new FakeWorker();
  const publisher = new EndpointPublisher('a', { receivers: () => [worker] });
  publisher.publish([endpoint('x', 'draining')]);
  worker.counts = { x: 0 };
  const word = async (limitMs: number): Promise<string> => {
    const from = performance.now();
    await publisher.drained('x', limitMs);
    return performance.now() - from >= limitMs - 1 ? 'limit' : 'drained';
  };
  expect(await word(60)).toBe('limit');
  worker.inForceVersion = 1;
  expect(await word(1_000)).toBe('drained');
  worker.counts = { x: 1 };
  expect(await word(60)).toBe('limit');
  const drained = word(5_000);
  worker.counts = { x: 0 };
  expect(await drained).toBe('drained');
});
