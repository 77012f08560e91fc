import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { quantile } from '../bench.ts';
import { clientOf, configMaps, secrets, serviceAccounts, services } from './resources.ts';

const objectsOfKind = 25;

export interface SyncFigures {
  readonly ms: number;
  readonly objects: number;
  /** Of bare Node, to set the figure in relation. */
  readonly bareNodeMs: number;
}

/** From the start of a process to full caches of four kinds; the process is bundled into one file as what is published is. */
export async function measureSync(
  kubeconfig: string,
  namespace: string,
  rounds: number,
): Promise<SyncFigures> {
  await createObjects(kubeconfig, namespace);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const file = join(folder, 'sync.mjs');
  const bundle = await rolldown({ input: join(import.meta.dirname, 'sync-main.ts'), platform: 'node' });
  await bundle.write({ file, format: 'esm' });
  await bundle.close();
  const found: Started[] = [];
  const bare: Started[] = [];
  // The first start fills the page cache.
  for (let round = 0; round <= rounds; round += 1) {
    const started = await startOnce([file, kubeconfig, namespace]);
    const bareStarted = await startOnce(['-e', 'process.stdout.write("0\\n")']);
    if (round === 0) continue;
    found.push(started);
    bare.push(bareStarted);
  }
  rmSync(folder, { recursive: true });
  return {
    ms: median(found),
    bareNodeMs: median(bare),
    objects: Math.min(...found.map(({ objects }) => objects)),
  };
}

interface Started {
  readonly ms: number;
  readonly objects: number;
}

function median(started: readonly Started[]): number {
  return quantile(
    started.map(({ ms }) => ms),
    0.5,
  );
}

async function startOnce(args: readonly string[]): Promise<Started> {
  const startedAtMs = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  const [line] = (await Promise.race([
    once(child.stdout, 'data'),
    gone.then(() => {
      throw new Error('the process ended before its caches were full');
    }),
  ])) as [Buffer];
  const ms = performance.now() - startedAtMs;
  child.kill('SIGKILL');
  await gone;
  return { ms, objects: Number(line.toString()) };
}

/** Below what the namespace has by itself: a ServiceAccount and the ConfigMap of the authority, where there are controllers. */
async function createObjects(kubeconfig: string, namespace: string): Promise<void> {
  const client = await clientOf(kubeconfig);
  const how = { fieldManager: 'bench' };
  const spec = { ports: [{ port: 80 }], selector: { app: 'none' } };
  const ofKind = [
    { resource: configMaps, rest: { data: { key: 'value' } } },
    { resource: secrets, rest: { stringData: { key: 'value' } } },
    { resource: services, rest: { spec } },
    { resource: serviceAccounts, rest: {} },
  ];
  for (const { resource, rest } of ofKind) {
    for (let index = 0; index < objectsOfKind; index += 1) {
      const metadata = { namespace, name: `sync-${index}` };
      await client.create(resource, { apiVersion: 'v1', kind: resource.kind, metadata, ...rest }, how);
    }
  }
  await client.close();
}
