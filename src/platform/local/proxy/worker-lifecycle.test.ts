import * as fs from 'node:fs';
import * as net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { WorkerToKeeper } from './messages.ts';
import { ask, type Backend, backend, get, named, RawClient, Rig, serviceKey, until } from './testing/rig.ts';

let rigs: Rig[] = [];
let backends: Backend[] = [];

afterEach(async () => {
  for (const rig of rigs) await rig.close();
  for (const one of backends) await one.close();
  rigs = [];
  backends = [];
});

async function start(...args: Parameters<typeof Rig.start>): Promise<Rig> {
  const rig = await Rig.start(...args);
  rigs.push(rig);
  return rig;
}

async function app(made: Promise<Backend>): Promise<Backend> {
  const one = await made;
  backends.push(one);
  return one;
}

interface Load {
  readonly done: () => number;
  readonly failed: () => readonly string[];
  stop(): Promise<void>;
}

/** Keep-alive clients that send one request after another and open a new connection only when told to close. */
function load(port: number, clients: number): Load {
  let done = 0;
  const failed: string[] = [];
  let stopping = false;
  const run = async (): Promise<void> => {
    let client = new RawClient(port);
    while (!stopping) {
      client.text = '';
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const end = performance.now() + 5_000;
      while (
        !/\r\n\r\n(stable|canary)$/.test(client.text) &&
        !client.ended &&
        !client.closed &&
        performance.now() < end
      ) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (!client.text.startsWith('HTTP/1.1 200')) failed.push(`${client.text}|closed ${client.closed}`);
      else done += 1;
      if (!client.text.includes('Connection: close') && !client.ended && !client.closed) continue;
      client.close();
      client = new RawClient(port);
    }
    client.close();
  };
  const running = Array.from({ length: clients }, run);
  return {
    done: () => done,
    failed: () => failed,
    stop: async () => {
      stopping = true;
      await Promise.all(running);
    },
  };
}

test('0 failed requests through changes of weight, of endpoints, and a drain of each worker', async () => {
  const rig = await start({ workers: 2 });
  const [stable, canary] = await Promise.all([app(named('stable')), app(named('canary'))]);
  await rig.setEndpoints(stable.endpoint('s', 'stable'), canary.endpoint('c', 'canary'));
  const traffic = load(rig.port, 16);
  for (const weightPercent of [10, 50, 100, 0]) {
    await rig.setRoute({ weightPercent, rollout: `load-${weightPercent}` });
    const goal = traffic.done() + 200;
    await until(() => traffic.done() >= goal);
  }
  await rig.setEndpoints(stable.endpoint('s', 'stable'), canary.endpoint('c', 'canary', 'draining'));
  for (const old of rig.workers.splice(0)) {
    await rig.addWorker();
    old.send({ kind: 'drain', limitMs: 10_000 });
    expect(await old.exited).toBe(0);
    old.client.close();
  }
  const goal = traffic.done() + 200;
  await until(() => traffic.done() >= goal);
  await traffic.stop();
  expect(traffic.failed()).toEqual([]);
}, 30_000);

test('a drained worker ends its idle connections, after the answer of the one that just asked', async () => {
  const rig = await start({ limits: { drainIdleMs: 300 } });
  const stable = await app(
    backend(
      (socket) => void setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), 50),
    ),
  );
  await rig.setEndpoints(stable.endpoint('s', 'stable'));
  const idle = new RawClient(rig.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const asking = new RawClient(rig.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await Promise.all([idle.got('ok'), asking.got('ok')]);
  rig.worker.send({ kind: 'drain', limitMs: 5_000 });
  asking.text = '';
  asking.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await asking.over();
  expect(asking.text).toContain('Connection: close\r\n\r\nok');
  await idle.over();
  idle.close();
  asking.close();
  expect(idle.reset).toBe(false);
  expect(await rig.worker.exited).toBe(0);
});

test('a drain ends at its limit whatever still runs', async () => {
  const rig = await start();
  const stable = await app(backend(() => undefined));
  await rig.setEndpoints(stable.endpoint('s', 'stable'));
  const client = new RawClient(rig.port).send(get());
  await until(() => stable.connections.size === 1);
  rig.worker.send({ kind: 'drain', limitMs: 100 });
  expect(await rig.worker.exited).toBe(0);
  client.close();
});

test('SIGTERM is a drain; SIGINT and SIGHUP are the keeper’s to act on', async () => {
  const rig = await start();
  rig.worker.process.kill('SIGINT');
  rig.worker.process.kill('SIGHUP');
  await rig.worker.client.routes();
  rig.worker.process.kill('SIGTERM');
  expect(await rig.worker.exited).toBe(0);
});

test('kill -9 of a worker loses what was in flight in it, and nothing else', async () => {
  const rig = await start({ workers: 2 });
  const stable = await app(named('stable'));
  await rig.setEndpoints(stable.endpoint('s', 'stable'));
  const traffic = load(rig.port, 8);
  await until(() => traffic.done() > 500);
  rig.worker.process.kill('SIGKILL');
  await rig.worker.exited;
  const goal = traffic.done() + 500;
  await until(() => traffic.done() >= goal);
  await traffic.stop();
  expect(traffic.failed().length).toBeLessThanOrEqual(8);
});

test('connections made while no worker runs wait for the next one', async () => {
  const rig = await start();
  const stable = await app(named('stable'));
  await rig.setEndpoints(stable.endpoint('s', 'stable'));
  rig.worker.process.kill('SIGKILL');
  await rig.worker.exited;
  const answer = ask(rig.port, get());
  await rig.addWorker();
  expect(await answer).toContain('stable');
});

test('a worker whose keeper died goes on serving', async () => {
  const rig = await start();
  const stable = await app(named('stable'));
  await rig.setEndpoints(stable.endpoint('s', 'stable'));
  rig.worker.process.disconnect();
  await until(() => !rig.worker.process.connected);
  for (let i = 0; i < 5; i += 1) expect(await ask(rig.port, get())).toContain('stable');
  await rig.worker.client.counters(serviceKey);
});

test('a draining endpoint gets no new request; what is in flight is reported until it is done', async () => {
  const rig = await start();
  const waiting: net.Socket[] = [];
  const old = await app(backend((socket) => void waiting.push(socket)));
  const next = await app(named('next'));
  await rig.setEndpoints(old.endpoint('old', 'stable'));
  const client = new RawClient(rig.port).send(get());
  await until(() => waiting.length === 1);
  await rig.setEndpoints(old.endpoint('old', 'stable', 'draining'), next.endpoint('next', 'stable'));
  expect(await ask(rig.port, get())).toContain('next');
  const counts = (): (number | undefined)[] =>
    rig.worker.messages.filter(isInFlight).map((message) => message.counts['old']);
  await until(() => counts().at(-1) === 1);
  waiting[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold');
  await client.got('old');
  await until(() => counts().at(-1) === 0);
  await until(() => old.connections.size === 0);
});

function isInFlight(
  message: WorkerToKeeper,
): message is Extract<WorkerToKeeper, { readonly kind: 'inFlight' }> {
  return message.kind === 'inFlight';
}

test('without an engine for unattendedMs the weight falls to 0 and stays there; with keep it does not', async () => {
  const rig = await start();
  const [stable, canary] = await Promise.all([app(named('stable')), app(named('canary'))]);
  await rig.setEndpoints(stable.endpoint('s', 'stable'), canary.endpoint('c', 'canary'));
  await rig.setRoute({ weightPercent: 100, unattended: 'keep', unattendedMs: 100 });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await ask(rig.port, get())).toContain('canary');
  await rig.setRoute({ weightPercent: 100, unattended: 'stable', unattendedMs: 100 });
  expect(await ask(rig.port, get())).toContain('canary');
  await until(async () => (await ask(rig.port, get())).includes('stable'));
  const { routes } = await rig.worker.client.routes();
  expect(routes[serviceKey]).toMatchObject({ unattended: true, route: { weightPercent: 0, epoch: 2 } });
});

test('unlisten and removeService free what they name', async () => {
  const rig = await start();
  const stable = await app(named('stable'));
  await rig.setEndpoints(stable.endpoint('s', 'stable'));
  await ask(rig.port, get());
  rig.worker.send({ kind: 'removeService', key: serviceKey });
  rig.worker.send({ kind: 'unlisten', listener: 'front' });
  await until(async () => (await rig.worker.client.counters(serviceKey)) === null);
  await until(() => stable.connections.size === 0);
});

/** 10,000, or as many as this process may open. */
function idleCount(): number {
  const soft = /Max open files\s+(\d+)/.exec(fs.readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? '1024';
  return Math.min(10_000, Number(soft) - 500);
}

test('10,000 idle connections hold, and requests go on beside them', async () => {
  const rig = await start();
  const stable = await app(named('stable'));
  await rig.setEndpoints(stable.endpoint('s', 'stable'));
  const idle: net.Socket[] = [];
  let lost = 0;
  for (let i = 0; i < idleCount(); i += 1) {
    const socket = net.connect({ host: '127.0.0.1', port: rig.port });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      lost += 1;
    });
    idle.push(socket);
    if (i % 200 === 199) await until(() => idle.every((one) => !one.connecting));
  }
  expect(await ask(rig.port, get())).toContain('stable');
  expect(lost).toBe(0);
  for (const socket of idle) socket.destroy();
});
