import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import { sleep, systemClock } from './clock.ts';
import { microTimeOf, timeOf } from './micro-time.ts';
import { within } from './within.ts';

describe('time', () => {
  test('the clock of the machine runs tasks not before their instant, and a cancelled one never', async () => {
    const clock = systemClock();
    const startMs = clock.nowMs();
    let ranTooMuch = false;
    clock.at(startMs + 5, () => (ranTooMuch = true))();
    await sleep(clock, 20);
    expect(clock.nowMs() - startMs).toBeGreaterThanOrEqual(20);
    expect(ranTooMuch).toBe(false);
    expect(Math.abs(clock.wallMs() - Date.now())).toBeLessThan(1000);
  });

  test('a sleep ends early when its signal is aborted, and leaves no timer', async () => {
    const clock = new VirtualClock();
    const stop = new AbortController();
    const slept = sleep(clock, 60_000, stop.signal);
    stop.abort();
    await slept;
    await sleep(clock, 60_000, stop.signal);
    expect(clock.nextMs).toBe(null);
  });

  test('a call that does not answer in time is given up, whether it listens or not', async () => {
    const clock = new VirtualClock();
    let signal: AbortSignal | undefined;
    const late = within(clock, 5000, (given) => {
      signal = given;
      return new Promise(() => {});
    }).catch((thrown: unknown) => thrown);
    await clock.runFor(5000);
    expect(await late).toMatchObject({ reason: 'DeadlineExceeded', message: 'no answer within 5000 ms' });
    expect(signal?.aborted).toBe(true);
    expect(await within(clock, 5000, async () => 7)).toBe(7);
    expect(clock.nextMs).toBe(null);
  });

  test('leases have six digits of a second, events none', () => {
    const wallMs = Date.UTC(2026, 1, 3, 4, 5, 6, 7);
    expect([microTimeOf(wallMs), timeOf(wallMs)]).toEqual([
      '2026-02-03T04:05:06.007000Z',
      '2026-02-03T04:05:06Z',
    ]);
  });
});
