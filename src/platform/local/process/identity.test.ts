import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { bootId, identify, isAlive, isGroupAlive, signalGroup, signalProcess } from './identity.ts';

test('a process is itself for as long as it lives, and no other with its pid is', async () => {
  const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  const identity = identify(child.pid ?? 0);
  if (identity === null) throw new Error('the child is not there');
  expect(identity).toEqual({ bootId: bootId(), pid: child.pid, startTime: expect.stringMatching(/./) });
  expect([isAlive(identity), isGroupAlive(identity)]).toEqual([true, true]);
  const others = [
    { ...identity, startTime: '1' },
    { ...identity, bootId: 'another-boot' },
  ];
  for (const other of others) {
    expect([isAlive(other), signalProcess(other, 'SIGKILL'), signalGroup(other, 'SIGKILL')]).toEqual([
      false,
      false,
      false,
    ]);
  }
  expect(isAlive(identity)).toBe(true);
  expect(signalGroup(identity, 'SIGKILL')).toBe(true);
  await once(child, 'exit');
  expect([isAlive(identity), isGroupAlive(identity), identify(child.pid ?? 0)]).toEqual([false, false, null]);
});
