import * as net from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rig, serviceKey, stableRoute, until } from './testing/rig.ts';
import { WorkerClient } from './worker-client.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.close());

async function raw(socketPath: string, line: string): Promise<string> {
  const socket = net.connect({ path: socketPath });
  let text = '';
  let closed = false;
  socket.on('data', (data) => {
    text += String(data);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed = true;
  });
  socket.write(line);
  await until(() => text.includes('\n') || closed);
  socket.destroy();
  return text;
}

test('nonsense on the control socket is refused, and hurts nobody else', async () => {
  const path = rig.worker.socketPath;
  expect(await raw(path, 'nonsense\n')).toContain('"error":"bad-request"');
  expect(await raw(path, 'null\n')).toContain('"error":"bad-request"');
  expect(await raw(path, '{"id":1,"method":"explode"}\n')).toBe(
    '{"id":1,"ok":false,"error":"bad-request","message":"unknown method"}\n',
  );
  expect(await raw(path, '{"id":2,"method":"setRoute","key":"a"}\n')).toContain('route is missing');
  expect(
    await raw(path, `{"id":2,"method":"setRoute","key":"a","route":{"epoch":1,"weightPercent":101}}\n`),
  ).toContain('"ok":false');
  expect(await raw(path, 'x'.repeat(100_000))).toBe('');
  expect(await rig.worker.client.counters('nobody')).toBeNull();
  expect(await rig.worker.client.routes()).toMatchObject({ worker: 'w1' });
});

test('two engines are answered, and the higher epoch stands', async () => {
  const other = new WorkerClient({ socketPath: rig.worker.socketPath });
  await rig.worker.client.setRoute(serviceKey, { ...stableRoute, epoch: 5 });
  expect(await other.setRoute(serviceKey, { ...stableRoute, epoch: 4, weightPercent: 1 })).toMatchObject({
    ok: false,
  });
  expect(await other.setRoute(serviceKey, { ...stableRoute, epoch: 6 })).toEqual({ ok: true, epoch: 6 });
  other.close();
});

test('the client waits for a worker that is not there yet, and says so when none comes', async () => {
  const path = `${rig.worker.socketPath}.late`;
  let connected = 0;
  let lost = 0;
  const client = new WorkerClient({
    socketPath: path,
    requestTimeoutMs: 400,
    onConnected: () => (connected += 1),
    onDisconnected: () => (lost += 1),
  });
  await expect(client.routes()).rejects.toMatchObject({ code: 'proxy-unreachable' });
  const waiting = client.routes();
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on('data', (data) => {
      const { id } = JSON.parse(String(data).trim()) as { id: number };
      socket.write(`{"id":${id},"ok":true,"result":{"worker":"late","routes":{}}}\n`);
    });
  });
  server.listen(path);
  expect(await waiting).toEqual({ worker: 'late', routes: {} });
  sockets[0]?.destroy();
  await until(() => lost === 1);
  await until(() => connected === 2);
  client.close();
  await expect(client.routes()).rejects.toMatchObject({ code: 'proxy-unreachable' });
  server.close();
});

test('a route is acknowledged within a millisecond or two', async () => {
  const times: number[] = [];
  for (let i = 0; i < 200; i += 1) {
    const started = performance.now();
    await rig.worker.client.setRoute(serviceKey, { ...stableRoute, epoch: 100 + i });
    times.push(performance.now() - started);
  }
  expect(times.sort((a, b) => a - b)[100]).toBeLessThan(5);
});
