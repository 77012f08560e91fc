import { mkdtemp, rm, writeFile, appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fakeApi, type FakeApi, fakeToken } from '../../test/fakes/api-dependencies.ts';
import { sampleServiceOfEngine } from '../../test/fakes/fake-commands.ts';
import { sampleEvent } from '../../test/fakes/records.ts';
import type { SluiceError } from '../lib/error.ts';
import { createApi } from '../server/api.ts';
import { type ApiServer, listen } from '../server/listen.ts';
import { ApiError } from './api-error.ts';
import { SluiceClient } from './client.ts';
import { engineFilePath, tokenPath } from './connection.ts';
import type { LiveUpdate } from './live-updates.ts';

let state: string;
let api: FakeApi;
let server: ApiServer;
let client: SluiceClient;

/** An engine on the state directory: a socket, its address file and its token. */
async function startServer(): Promise<void> {
  server = await listen(createApi(api.dependencies), 0);
  await writeFile(
    engineFilePath(state),
    JSON.stringify({ version: 1, address: server.address, pid: process.pid, startedAtMs: 0 }),
  );
}

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'sluice-client-'));
  await writeFile(tokenPath(state), `${fakeToken}\n`);
  api = fakeApi();
  await startServer();
  client = SluiceClient.of(state, { actor: 'person:ada' });
});

afterEach(async () => {
  await server.close();
  await rm(state, { recursive: true });
});

async function codeOf(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => 'no error',
    (error: SluiceError) => error.code,
  );
}

test('reads and commands go through', async () => {
  expect((await client.services()).services.map((service) => service.key)).toEqual(['default/checkout']);
  expect((await client.why('default/checkout')).paragraph).toContain('default/checkout sends 25 %');
  expect((await client.deploy('default/checkout', { set: { args: ['v2'] } })).changed).toBe(true);
  await client.act('default/checkout', { action: 'promote', reason: 'seen enough' });
  expect(api.commands.asked).toEqual([
    expect.stringMatching(/^deploy default\/checkout [0-9a-f]{10} by person ada$/),
    'promote default/checkout seen enough by person ada',
  ]);
});

test('an error of the engine keeps its code, cure and request id', async () => {
  const error = await client.service('default/nobody').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  if (!(error instanceof ApiError)) return;
  expect([error.code, error.message, error.cure]).toEqual([
    'not-found',
    'there is no service default/nobody',
    'Run "sluice list" to see the names.',
  ]);
  expect(error.requestId).toMatch(/^[0-9a-f-]{36}$/);
});

test('what can be wrong with the connection', async () => {
  await writeFile(tokenPath(state), 'wrong');
  expect(await codeOf(SluiceClient.of(state, { actor: 'person:ada' }).services())).toBe('unauthorized');
  await rm(tokenPath(state));
  expect(await codeOf(SluiceClient.of(state, { actor: 'person:ada' }).services())).toBe('unauthorized');
  expect(await codeOf(SluiceClient.of(join(state, 'nothing'), { actor: 'person:ada' }).services())).toBe(
    'unreachable',
  );
  await writeFile(tokenPath(state), fakeToken);
  await server.close();
  expect(await codeOf(client.services())).toBe('unreachable');
  await startServer();
});

test('an engine file that names another host is not followed', async () => {
  await writeFile(
    engineFilePath(state),
    JSON.stringify({ version: 1, address: 'http://192.0.2.1:80', pid: 1, startedAtMs: 0 }),
  );
  expect(await codeOf(SluiceClient.of(state, { actor: 'person:ada' }).services())).toBe('unreachable');
});

test('the live stream goes on where it broke off, also at another port', async () => {
  const end = new AbortController();
  const seen: string[] = [];
  const stream = client.live({ signal: end.signal, patienceMs: 10_000 });
  const until = async (wanted: string): Promise<void> => {
    for (;;) {
      const next = await stream.next();
      if (next.done === true) throw new Error(`the stream ended before ${wanted}: ${seen.join(' | ')}`);
      const line = lineOf(next.value);
      if (line !== seen.at(-1)) seen.push(line);
      if (line === wanted) return;
    }
  };
  await until('snapshot 1 at 0');
  api.recorder.record(sampleEvent(1));
  await until('event 1');
  await server.close();
  api.recorder.record(sampleEvent(2));
  await until('reconnecting unreachable');
  await startServer();
  await until('event 2');
  await until('snapshot 1 at 2');
  api.commands.put({ ...sampleServiceOfEngine(), troubles: ['the keeper does not answer'] });
  await until('service the keeper does not answer');
  api.commands.services.clear();
  api.commands.tell('default/checkout');
  await until('gone default/checkout');
  end.abort();
  expect((await stream.next()).done).toBe(true);
  expect(seen).toEqual([
    'snapshot 1 at 0',
    'event 1',
    'reconnecting unreachable',
    'event 2',
    'snapshot 1 at 2',
    'service the keeper does not answer',
    'gone default/checkout',
  ]);
});

test('an engine that stays away ends the stream with an error', async () => {
  await server.close();
  const stream = client.live({ signal: new AbortController().signal, patienceMs: 100 });
  const drain = async (): Promise<void> => {
    for await (const update of stream) expect(update.type).toBe('reconnecting');
  };
  expect(await codeOf(drain())).toBe('unreachable');
  await startServer();
});

test('a silent connection counts as broken', async () => {
  const stream = client.live({ signal: new AbortController().signal, silenceMs: 50 });
  expect((await stream.next()).value).toMatchObject({ type: 'snapshot' });
  expect((await stream.next()).value).toMatchObject({
    type: 'reconnecting',
    error: { message: 'the engine was silent for 0.05 s' },
  });
  await stream.return(undefined);
});

test('a reader that leaves is forgotten', async () => {
  const end = new AbortController();
  const stream = client.live({ signal: end.signal });
  await stream.next();
  expect(api.commands.subscribers).toBe(1);
  end.abort();
  await stream.next();
  await expect.poll(() => api.commands.subscribers).toBe(0);
});

test('logs are read and followed', async () => {
  const path = join(state, 'replica.log');
  await writeFile(path, 'one\ntwo\nthree\n');
  api.logs.push({ arm: 'stable', revision: '55bb', replica: 'r1', path });
  const end = new AbortController();
  const lines = client.logs('default/checkout', { lines: 2, follow: true, signal: end.signal });
  const next = async (): Promise<string> => ((await lines.next()).value as { line: string }).line;
  expect([await next(), await next()]).toEqual(['two', 'three']);
  await appendFile(path, 'four é\nfi');
  expect(await next()).toBe('four é');
  await appendFile(path, 've\n');
  expect(await next()).toBe('five');
  end.abort();
});

test('the audit export comes line by line', async () => {
  for (const sequence of [1, 2, 3]) api.recorder.record(sampleEvent(sequence));
  const lines: string[] = [];
  for await (const line of client.audit(new AbortController().signal)) lines.push(line);
  expect(lines.map((line) => (JSON.parse(line) as { sequence: number }).sequence)).toEqual([1, 2, 3]);
});

function lineOf(update: LiveUpdate): string {
  switch (update.type) {
    case 'snapshot':
      return `snapshot ${update.data.services.length} at ${update.data.sequence}`;
    case 'service':
      return `service ${update.data.service.problem}`;
    case 'gone':
      return `gone ${update.data.key}`;
    case 'event':
      return `event ${update.data.sequence}`;
    case 'ping':
      return 'ping';
    case 'reconnecting':
      return `reconnecting ${update.error.code}`;
  }
}
