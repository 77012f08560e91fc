import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/kube/clock.ts';
import { Fence, fenced } from '../../src/kube/fencing.ts';
import { LeaderElector } from '../../src/kube/leader-election.ts';
import { answerCommands } from './child.ts';
import { clientOf, type ConfigMap, configMaps } from './resources.ts';

/** A replica of a controller: stands for a lease, and writes all the time while it leads, behind its fence. */
export interface ReplicaOptions {
  readonly namespace: string;
  readonly lease: string;
  /** ConfigMaps that it writes, all at once. */
  readonly names: readonly string[];
  readonly timing: {
    readonly leaseDurationMs: number;
    readonly renewDeadlineMs: number;
    readonly retryPeriodMs: number;
  };
  readonly marginMs: number;
}

const [who = '', kubeconfig = ''] = process.argv.slice(2);
const clock = systemClock();
const reads = await clientOf(kubeconfig);
let refused = 0;

const commands = {
  stand: (options: ReplicaOptions): void => {
    const { namespace, lease, names, timing, marginMs } = options;
    const fence = new Fence(clock, { renewDeadlineMs: timing.renewDeadlineMs, marginMs });
    const elector = new LeaderElector({
      client: reads,
      lease: { namespace, name: lease },
      hostName: who,
      newId: randomUUID,
      fence,
      clock,
      random: Math.random,
      fieldManager: 'bench',
      timing,
    });
    void elector.run(() => {
      for (const name of names) void writeOn(fence, namespace, name);
    });
  },
  refused: (): number => refused,
};
export type ReplicaCommands = typeof commands;
answerCommands(commands);

/** As a controller writes: what it read last, under that version. Goes on trying when it is refused. */
async function writeOn(fence: Fence, namespace: string, name: string): Promise<never> {
  const client = fenced(reads, fence);
  let read: ConfigMap | null = null;
  for (let number = 1; ; number += 1) {
    try {
      read ??= await client.get<ConfigMap>(configMaps, { namespace, name });
      read = await client.replace(
        configMaps,
        { ...read, data: { who, number: String(number) } },
        { fieldManager: who },
      );
    } catch {
      refused += 1;
      read = null;
    }
    await sleep(10);
  }
}
