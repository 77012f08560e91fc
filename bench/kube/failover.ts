import { setTimeout as sleep } from 'node:timers/promises';
import type { ElectionTiming } from '../../src/kube/leader-election.ts';
import { startChild } from './child.ts';
import type { ReplicaCommands, ReplicaOptions } from './replica-main.ts';
import { clientOf, configMap, configMaps } from './resources.ts';
import { type Write, writesOf } from './writes-of.ts';

export interface FailoverFigures {
  /** From the signal that freezes the leader to the first write of the other. */
  readonly ms: number;
  /** Writes of the frozen one that landed after that, resumed as it is. */
  readonly staleWrites: number;
  /** What the resumed one tried and was refused, by its fence or by the server. */
  readonly refused: number;
}

/** Of an election, and what its fence leaves for a write that is on its way. */
export interface Leasing {
  readonly timing: ElectionTiming;
  readonly marginMs: number;
}

/** So long is a resumed leader watched: many times what its writes need. */
const resumedMs = 3_000;
let trials = 0;

/** Two replicas; the one that leads is stopped by SIGSTOP in the middle of its writes, and goes on when the other one has taken over. */
export async function measureFailover(
  kubeconfig: string,
  namespace: string,
  leasing: Leasing,
): Promise<FailoverFigures> {
  trials += 1;
  const lease = `failover-${trials}`;
  const names = ['a', 'b', 'c', 'd'].map((letter) => `${lease}-${letter}`);
  const client = await clientOf(kubeconfig);
  for (const name of names)
    await client.create(configMaps, configMap(namespace, name, {}), { fieldManager: 'bench' });
  const options: ReplicaOptions = { namespace, lease, names, ...leasing };
  const [first, second] = ['first', 'second'].map((who) =>
    startChild<ReplicaCommands>('replica-main.ts', [who, kubeconfig]),
  );
  if (first === undefined || second === undefined) throw new Error('two replicas are needed');
  const log = await writesOf(client, namespace, names);
  try {
    await first.call('stand', options);
    await firstBy('first', log.writes);
    await second.call('stand', options);
    // It has to see a renewal or two: a standby that has just started is another case.
    await sleep(leasing.timing.retryPeriodMs * (2 + Math.random()));
    const frozenAtMs = performance.now();
    first.signal('SIGSTOP');
    const takenOver = await firstBy('second', log.writes);
    first.signal('SIGCONT');
    await sleep(resumedMs);
    const after = log.writes.slice(log.writes.indexOf(takenOver));
    if (after.at(-1) === takenOver) throw new Error('the second replica wrote once and no more');
    return {
      ms: takenOver.atMs - frozenAtMs,
      staleWrites: after.filter(({ who }) => who === 'first').length,
      refused: await first.call('refused'),
    };
  } finally {
    await Promise.all([first.stop(), second.stop(), log.stop()]);
    await client.close();
  }
}

async function firstBy(who: string, writes: readonly Write[]): Promise<Write> {
  const deadlineMs = performance.now() + 60_000;
  for (;;) {
    const found = writes.find((write) => write.who === who);
    if (found !== undefined) return found;
    if (performance.now() > deadlineMs) throw new Error(`the ${who} replica did not write for a minute`);
    await sleep(5);
  }
}
