import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEngineFile } from '../../client/connection.ts';
import { SluiceClient } from '../../client/client.ts';
import { applyEdit } from '../../resource/apply-edit.ts';
import { compressTime } from '../../resource/compress-time.ts';
import { actorOf, type Session } from '../session.ts';

/** An engine of its own in a folder of its own, with the shop on it. */
export interface Stage {
  readonly client: SluiceClient;
  readonly state: string;
  readonly key: string;
  /** Where users reach the shop. */
  readonly url: string;
  /** Drains, stops everything and removes the folder. Safe to call twice. */
  close(): Promise<void>;
}

const usualPort = 8080;

/** Starts the shop's v1 with its plan `speed` times faster. Rejects with what the engine says, having cleaned up. */
export async function openStage(session: Session, speed: number): Promise<Stage> {
  const { host } = session;
  const folder = join(host.examples, 'shop');
  const text = await readFile(join(folder, 'sluice.yaml'), 'utf8');
  const port = (await isFree(usualPort)) ? usualPort : 0;
  const state = await mkdtemp(join(tmpdir(), 'sluice-demo-'));
  const client = SluiceClient.of(state, { actor: actorOf(host.env) });
  const close = closer(session, client, state);
  try {
    await host.local.startEngine(state);
    const chosen = port === 0 ? await freePort() : port;
    const manifest = withPort(compressTime(text, speed), chosen);
    const applied = await client.apply({ files: [{ file: 'sluice.yaml', text: manifest, folder }] });
    const key = applied.services[0]?.key ?? '';
    return { client, state, key, url: `http://127.0.0.1:${chosen}`, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function withPort(manifest: string, port: number): string {
  const edit = { kind: 'set', document: 1, path: ['spec', 'service', 'port'], value: port } as const;
  return applyEdit(manifest, edit) ?? manifest;
}

function closer(session: Session, client: SluiceClient, state: string): () => Promise<void> {
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    const engine = await readEngineFile(state);
    const asked = await client.stop(true).catch(() => null);
    if (asked === null) await session.host.local.stopRemains(state);
    else if (engine !== null) await gone(engine.pid);
    await rm(state, { recursive: true, force: true });
  };
  return () => (closing ??= close());
}

async function gone(pid: number): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  while (performance.now() < deadlineMs) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(50);
  }
}

function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
