import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { KubeError } from '../kube-error.ts';
import { JumpingClock } from '../testing/jumping-clock.ts';
import { CallScope } from './call-scope.ts';
import { Slots } from './slots.ts';

const clock = new JumpingClock();
const aborted = new KubeError({ reason: 'Aborted', message: 'aborted' });

function scope(): CallScope {
  return new CallScope(clock, 60_000, 'it', []);
}

test('slots are given in order, and one given back twice counts once', async () => {
  const slots = new Slots(1);
  const order: string[] = [];
  const scopes = [scope(), scope(), scope()];
  const [first, second, third] = scopes.map((one) => slots.take(one));
  const giveBack = await first;
  void second?.then(() => order.push('second'));
  void third?.then(() => order.push('third'));
  giveBack?.();
  giveBack?.();
  await setImmediate();
  expect(order).toEqual(['second']);
  (await second)?.();
  await third;
  expect(order).toEqual(['second', 'third']);
  for (const one of scopes) one.end();
  expect(clock.pending).toBe(0);
});

test('a slot that is granted in the turn in which its caller is aborted goes on to the next', async () => {
  const slots = new Slots(1);
  const [holder, leaver, next] = [scope(), scope(), scope()];
  const giveBack = await slots.take(holder);
  const left = slots.take(leaver).catch((thrown: unknown) => thrown);
  const taken = slots.take(next);
  leaver.abort(aborted);
  giveBack();
  expect(await left).toBe(aborted);
  (await taken)();
  expect(await slots.take(scope())).toBeTypeOf('function');
});

test('one who leaves while waiting is passed over', async () => {
  const slots = new Slots(1);
  const leaver = scope();
  const giveBack = await slots.take(scope());
  const left = slots.take(leaver).catch((thrown: unknown) => thrown);
  leaver.abort(aborted);
  expect(await left).toBe(aborted);
  giveBack();
  expect(await slots.take(scope())).toBeTypeOf('function');
});
