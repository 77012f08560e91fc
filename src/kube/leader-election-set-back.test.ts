import { expect, test } from 'vitest';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import { Fence } from './fencing.ts';
import { LeaderElector } from './leader-election.ts';
import { ScriptedServer } from './testing/scripted-server.ts';

const name = { namespace: 'test', name: 'leader' };

function heldBy(holderIdentity: string, leaseTransitions: number): object {
  return { spec: { holderIdentity, leaseDurationSeconds: 15, leaseTransitions } };
}

test('a storage that was set back to a backup keeps nobody from leading, and no epoch comes twice', async () => {
  const clock = new VirtualClock();
  const server = new ScriptedServer(clock);
  const seen: string[] = [];
  const startMs = clock.nowMs();
  const elector = new LeaderElector({
    client: server,
    lease: name,
    hostName: 'b',
    newId: () => '1',
    fence: new Fence(clock),
    clock,
    random: () => 0.5,
    fieldManager: 'test',
    onLeader: (identity) => seen.push(identity),
  });
  server.put(name, heldBy('x', 7));
  const running = elector.run((epoch) => seen.push(`epoch ${epoch} after ${clock.nowMs() - startMs} ms`));
  await clock.runFor(10_000);
  server.version = 50;
  server.put(name, heldBy('y', 3));
  await clock.runFor(20_000);
  expect(seen).toEqual(['x', 'y', 'b_1', 'epoch 8 after 27800 ms']);
  elector.stop({ release: true });
  await running;
});
