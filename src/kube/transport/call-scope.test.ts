import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { KubeError } from '../kube-error.ts';
import { JumpingClock } from '../testing/jumping-clock.ts';
import { CallScope } from './call-scope.ts';

const ended = new KubeError({ reason: 'Aborted', message: 'ended' });

test('work is given up when the scope ends, and what becomes of it then troubles nobody', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): number => unhandled.push(reason);
  process.on('unhandledRejection', note);
  const scope = new CallScope(new JumpingClock(), 1_000, 'it', []);
  const during = scope.within(
    new Promise((_, reject) => {
      scope.signal.addEventListener('abort', () => reject(new Error('late')));
    }),
  );
  scope.abort(ended);
  await expect(during).rejects.toBe(ended);
  await expect(scope.within(Promise.reject(new Error('after')))).rejects.toBe(ended);
  await setImmediate();
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

test('the first end is the one, and an ended scope leaves no timer and no listener', async () => {
  const clock = new JumpingClock();
  const caller = new AbortController();
  const scope = new CallScope(clock, 1_000, 'it', [caller.signal, undefined]);
  clock.forward(1_000);
  caller.abort();
  expect(scope.signal.reason).toMatchObject({
    reason: 'DeadlineExceeded',
    message: 'it took longer than 1 s',
  });
  const next = new CallScope(clock, 1_000, 'it', [new AbortController().signal]);
  expect(await next.within(Promise.resolve(5))).toBe(5);
  expect(getEventListeners(next.signal, 'abort')).toEqual([]);
  next.end();
  expect(clock.pending).toBe(0);
});

test('a process that was stopped sends nothing after the deadline, whichever timer rings first', () => {
  let nowMs = 0;
  const scope = new CallScope(
    { nowMs: () => nowMs, wallMs: () => nowMs, at: () => () => {} },
    1_000,
    'it',
    [],
  );
  nowMs = 999;
  scope.throwIfOver();
  nowMs = 60_000;
  expect(() => scope.throwIfOver()).toThrow('it took longer than 1 s');
  expect(scope.signal.aborted).toBe(true);
});
