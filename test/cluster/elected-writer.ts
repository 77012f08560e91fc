/**
 * A process that runs for a lease and, as long as it leads, writes the status of all ledgers of a namespace, again and again. What happens
 * to it is told in lines of JSON. Argument: `WriterOptions` as JSON. SIGTERM ends it as a deployment would.
 */
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../src/kube/clock.ts';
import { loadConfig } from '../../src/kube/config/load-config.ts';
import { Controller, type ReconcileResult } from '../../src/kube/controller.ts';
import { Fence, fenced } from '../../src/kube/fencing.ts';
import { Informer } from '../../src/kube/informer.ts';
import { isKubeError } from '../../src/kube/kube-error.ts';
import { type ElectionTiming, LeaderElector } from '../../src/kube/leader-election.ts';
import { Manager } from '../../src/kube/manager.ts';
import { createKubeClient } from '../../src/kube/rest/create-kube-client.ts';
import { WorkQueue } from '../../src/kube/work-queue.ts';
import { type Ledger, ledgers } from './ledgers.ts';

export interface WriterOptions {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly name: string;
  readonly timing: ElectionTiming;
  readonly marginMs: number;
  /** Keeps neither to the fence nor to the election once it has led: what the server must refuse then. */
  readonly isStubborn: boolean;
}

export type WriterLine =
  | { readonly kind: 'ready' }
  | { readonly kind: 'elected'; readonly epoch: number }
  | { readonly kind: 'wrote'; readonly key: string; readonly epoch: number; readonly version: string }
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string }
  /** A key ran while it ran. */
  | { readonly kind: 'twice'; readonly key: string }
  | { readonly kind: 'ended'; readonly how: string };

const { kubeconfig, namespace, name, timing, marginMs, isStubborn } = JSON.parse(
  process.argv[2] ?? '{}',
) as WriterOptions;
const say = (line: WriterLine): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);
const clock = systemClock();
const random = Math.random;
const client = createKubeClient(await loadConfig({ env: {}, homeFolder: '/', kubeconfig }));
const fence = new Fence(clock, { renewDeadlineMs: timing.renewDeadlineMs, marginMs });
const writing = isStubborn ? client : fenced(client, fence);
const running = new Set<string>();
let epoch = -1;

async function write(key: string): Promise<void> {
  const [, ledger = ''] = key.split('/');
  // Neither a version nor a uid goes along: only fence and epoch stand between a deposed leader and the object.
  const body = { status: { epoch: isStubborn ? epoch : fence.check(), by: name } };
  try {
    const written = await writing.patch<Ledger>(
      ledgers,
      { namespace, name: ledger },
      { type: 'merge', body },
      { fieldManager: name, subresource: 'status' },
    );
    say({ kind: 'wrote', key, epoch: body.status.epoch, version: written.metadata.resourceVersion ?? '' });
  } catch (thrown) {
    if (isKubeError(thrown)) say({ kind: 'refused', reason: thrown.reason, message: thrown.message });
    throw thrown;
  }
}

/** Goes on as if nothing had happened. */
async function persist(): Promise<void> {
  while (!stop.signal.aborted)
    for (const { metadata } of informer.lister.list())
      await write(`${namespace}/${metadata.name}`).catch(() => {});
}

async function reconcile(key: string): Promise<ReconcileResult> {
  if (running.has(key)) say({ kind: 'twice', key });
  running.add(key);
  try {
    await write(key);
    return { kind: 'requeueAfter', delayMs: 15 };
  } finally {
    running.delete(key);
  }
}

const elector = new LeaderElector({
  client,
  lease: { namespace, name: 'leader' },
  hostName: name,
  newId: randomUUID,
  fence,
  clock,
  random,
  fieldManager: name,
  timing,
});
const informer = new Informer<Ledger>({ client, resource: ledgers, clock, random, scope: { namespace } });
const queue = new WorkQueue(clock);
informer.feed(queue);
const controller = new Controller({
  name,
  queue,
  reconcile,
  clock,
  newId: randomUUID,
  concurrency: 4,
});
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const run = elector.run.bind(elector);
elector.run = (onElected) =>
  run((now) => {
    epoch = now;
    say({ kind: 'elected', epoch });
    onElected?.(now);
  });
const managed = new Manager({ clock, informers: [informer], controllers: [controller], elector }).run(
  stop.signal,
);
await informer.whenSynced(stop.signal);
say({ kind: 'ready' });
const how = await managed;
if (isStubborn) await persist();
say({ kind: 'ended', how });
await client.close();
