import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';
import type { Container } from './pod.ts';
import { ProbeSet } from './probe-set.ts';
import { FakeHost } from './fake-host.ts';
import { makeContainer } from './testing.ts';

/** What the probes of a container ask and bring about, by seconds since its start. */
async function run(
  more: Partial<Container>,
  healthy: (probe: string, atS: number) => boolean,
  untilS: number,
  before?: { readonly started: boolean; readonly ready: boolean },
): Promise<readonly string[]> {
  const clock = new VirtualClock();
  const startMs = clock.nowMs();
  const told: string[] = [];
  const say = (what: string): void => void told.push(`${(clock.nowMs() - startMs) / 1000} ${what}`);
  const host = new FakeHost(clock);
  const atS = (): number => (clock.nowMs() - startMs) / 1000;
  host.answer = (path) => (healthy(path, atS()) ? null : `${path} is unwell`);
  host.onHandle = (path) => say(`asks ${path}`);
  const target = { container: makeContainer(more), ip: '10.244.0.7', env: {}, cwd: '/' };
  const probes = new ProbeSet({
    target,
    clock,
    host,
    ...(before === undefined ? {} : { before }),
    onChange: ({ started, ready }) => say(`started ${started}, ready ${ready}`),
    onFatal: (kind, message) => say(`${kind} fails: ${message}`),
  });
  say(`started ${probes.health.started}, ready ${probes.health.ready}`);
  probes.start();
  await clock.runUntil(startMs + untilS * 1000);
  probes.stop();
  await clock.runFor(0);
  expect(clock.nextMs).toBe(null);
  return told;
}

const get = (path: string, more: object = {}): NonNullable<Container['readinessProbe']> => ({
  httpGet: { path, port: 80 },
  periodSeconds: 5,
  ...more,
});

describe('the probes of a container', () => {
  test('none: it is ready as soon as it runs', async () => {
    expect(await run({}, () => false, 60)).toEqual(['0 started true, ready true']);
  });

  test('readiness: asked at once and each period, changes at its thresholds', async () => {
    const told = await run(
      { readinessProbe: get('r', { failureThreshold: 2 }) },
      (_, atS) => atS >= 5 && atS < 15,
      26,
    );
    expect(told).toMatchInlineSnapshot(`
      [
        "0 started true, ready false",
        "0 asks r",
        "5 asks r",
        "5 started true, ready true",
        "10 asks r",
        "15 asks r",
        "20 asks r",
        "20 started true, ready false",
        "25 asks r",
      ]
    `);
  });

  test('startup first; then readiness at once, not after its period; liveness ends it', async () => {
    const told = await run(
      {
        startupProbe: get('s', { periodSeconds: 1 }),
        readinessProbe: get('r'),
        livenessProbe: get('l', { initialDelaySeconds: 3, periodSeconds: 2, failureThreshold: 2 }),
      },
      (probe, atS) => (probe === 's' ? atS >= 2 : probe === 'r' || atS < 5),
      60,
    );
    expect(told).toMatchInlineSnapshot(`
      [
        "0 started false, ready false",
        "0 asks s",
        "1 asks s",
        "2 asks s",
        "2 started true, ready false",
        "2 asks r",
        "2 started true, ready true",
        "3 asks l",
        "5 asks l",
        "7 asks r",
        "7 asks l",
        "7 liveness fails: l is unwell",
      ]
    `);
  });

  test('startup that never succeeds ends it', async () => {
    const told = await run(
      { startupProbe: get('s', { failureThreshold: 2 }), readinessProbe: get('r') },
      () => false,
      60,
    );
    expect(told).toEqual([
      '0 started false, ready false',
      '0 asks s',
      '5 asks s',
      '5 startup fails: s is unwell',
    ]);
  });

  test('one that does not answer in time has failed', async () => {
    const probe = get('hang', { timeoutSeconds: 3, failureThreshold: 1 });
    expect(await run({ livenessProbe: probe }, () => true, 60)).toEqual([
      '0 started true, ready true',
      '0 asks hang',
      '3 liveness fails: aborted',
    ]);
  });

  test('taken over from an earlier kubelet: ready until shown not to be', async () => {
    const probes = { startupProbe: get('s'), readinessProbe: get('r', { failureThreshold: 2 }) };
    expect(await run(probes, () => false, 6, { started: true, ready: true })).toEqual([
      '0 started true, ready true',
      '0 asks r',
      '5 asks r',
      '5 started true, ready false',
    ]);
  });
});
