import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import { Health } from './health.ts';

describe('health', () => {
  test('is ready when every cache is filled, until the shutdown', () => {
    const clock = new VirtualClock();
    const pods = { resource: { plural: 'pods' }, synced: false, lastSignMs: clock.nowMs() };
    const health = new Health(clock, [pods]);
    expect(health.readyz()).toEqual({ ok: false, failed: ['pods: not listed yet'] });
    pods.synced = true;
    expect(health.readyz()).toEqual({ ok: true, failed: [] });
    health.shutDown();
    expect(health.readyz()).toEqual({ ok: false, failed: ['shutting down'] });
    expect(health.healthz().ok).toBe(true);
  });

  test('is ill when a watch loop stands still for five minutes, not when the server is away', async () => {
    const clock = new VirtualClock();
    const pods = { resource: { plural: 'pods' }, synced: true, lastSignMs: clock.nowMs() };
    const health = new Health(clock, [pods]);
    await clock.runFor(300_000);
    expect(health.healthz()).toEqual({ ok: true, failed: [] });
    await clock.runFor(1);
    expect(health.healthz()).toEqual({ ok: false, failed: ['watch of pods: no sign for 300 s'] });
    pods.lastSignMs = clock.nowMs();
    expect(health.healthz().ok).toBe(true);
  });

  test('is ill for half a minute after the event loop was held up for more than 5 s', () => {
    let nowMs = 0;
    let ring = (): void => {};
    const clock = {
      nowMs: () => nowMs,
      wallMs: () => nowMs,
      at: (_: number, task: () => void) => {
        ring = task;
        return () => {};
      },
    };
    const health = new Health(clock, []);
    health.start();
    const beatAfter = (ms: number): void => {
      nowMs += ms;
      ring();
    };
    beatAfter(520);
    expect([health.eventLoopLagMs, health.healthz().ok]).toEqual([20, true]);
    beatAfter(6500);
    expect(health.healthz()).toEqual({ ok: false, failed: ['event loop: held up for 6 s'] });
    for (let beats = 0; beats < 59; beats += 1) beatAfter(500);
    expect(health.healthz().ok).toBe(false);
    beatAfter(500);
    expect(health.healthz().ok).toBe(true);
    health.stop();
  });
});
