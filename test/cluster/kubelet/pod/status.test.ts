import { describe, expect, test } from 'vitest';
import type { ContainerObservation, PodSpec, PodStatus, Terminated } from './pod.ts';
import { type PodObservation, statusOf } from './status.ts';
import { makeContainer, makePod, observed, place } from './testing.ts';

const running = { running: { startedAt: '2026-01-01T00:00:01Z' } };
const waiting = { waiting: { reason: 'CrashLoopBackOff' } };
const end = (exitCode: number): Terminated => ({ exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' });
const up = observed({ state: running, started: true, ready: true });
const over = (exitCode: number): ContainerObservation =>
  observed({ state: { terminated: end(exitCode) }, last: end(exitCode) });
const crashed = observed({ state: waiting, last: end(1), restartCount: 1 });

function see(more: Partial<PodObservation>): PodObservation {
  return { place, init: [], main: [up], startTime: '2026-01-01T00:00:00Z', ended: false, ...more };
}

function status(
  seen: Partial<PodObservation>,
  spec: Partial<PodSpec> = {},
  before: PodStatus = {},
): PodStatus {
  return statusOf(makePod(spec), see(seen), before, '2026-01-01T00:01:00Z');
}

describe('the status of a pod', () => {
  test('says all that is known', () => {
    expect(status({})).toMatchInlineSnapshot(`
      {
        "conditions": [
          {
            "lastTransitionTime": "2026-01-01T00:01:00Z",
            "status": "True",
            "type": "PodReadyToStartContainers",
          },
          {
            "lastTransitionTime": "2026-01-01T00:01:00Z",
            "status": "True",
            "type": "Initialized",
          },
          {
            "lastTransitionTime": "2026-01-01T00:01:00Z",
            "status": "True",
            "type": "Ready",
          },
          {
            "lastTransitionTime": "2026-01-01T00:01:00Z",
            "status": "True",
            "type": "ContainersReady",
          },
          {
            "lastTransitionTime": "2026-01-01T00:01:00Z",
            "status": "True",
            "type": "PodScheduled",
          },
        ],
        "containerStatuses": [
          {
            "image": "app:v1",
            "imageID": "local://app:v1",
            "name": "app",
            "ready": true,
            "restartCount": 0,
            "started": true,
            "state": {
              "running": {
                "startedAt": "2026-01-01T00:00:01Z",
              },
            },
          },
        ],
        "hostIP": "10.243.0.1",
        "hostIPs": [
          {
            "ip": "10.243.0.1",
          },
        ],
        "phase": "Running",
        "podIP": "10.244.0.7",
        "podIPs": [
          {
            "ip": "10.244.0.7",
          },
        ],
        "startTime": "2026-01-01T00:00:00Z",
      }
    `);
  });

  test('keeps the instant of a condition that stays as it was', () => {
    const before = status({ main: [observed({ state: running })] });
    const later = statusOf(makePod({}), see({}), before, '2026-01-01T00:02:00Z');
    expect(
      later.conditions?.map(({ type, lastTransitionTime }) => [type, lastTransitionTime?.slice(14, 16)]),
    ).toEqual([
      ['PodReadyToStartContainers', '01'],
      ['Initialized', '01'],
      ['Ready', '02'],
      ['ContainersReady', '02'],
      ['PodScheduled', '01'],
    ]);
  });

  const init = { initContainers: [makeContainer({ name: 'first' })] };
  const first = (more: Partial<ContainerObservation>): ContainerObservation =>
    observed({ name: 'first', ...more });
  test.each<readonly [string, string, Partial<PodObservation>, Partial<PodSpec>]>([
    ['nothing runs yet', 'Pending', { main: [observed({})] }, {}],
    ['all run', 'Running', {}, {}],
    ['one of two runs', 'Running', { main: [up, observed({})] }, {}],
    ['it waits to be started again', 'Running', { main: [crashed] }, {}],
    ['it is about to be started again', 'Running', { main: [over(0)] }, {}],
    ['all is done', 'Succeeded', { main: [over(0)] }, { restartPolicy: 'OnFailure' }],
    ['it is to be tried again', 'Running', { main: [over(1)] }, { restartPolicy: 'OnFailure' }],
    ['one has failed', 'Failed', { main: [over(0), over(1)] }, { restartPolicy: 'Never' }],
    ['it was ended well', 'Succeeded', { main: [over(0)], ended: true }, {}],
    ['it was killed', 'Failed', { main: [over(137)], ended: true }, {}],
    ['it was ended while it waited', 'Failed', { main: [observed({})], ended: true }, {}],
    ['it initializes', 'Pending', { init: [first({ state: running })], main: [observed({})] }, init],
    [
      'initializing fails',
      'Pending',
      { init: [first({ state: waiting, last: end(1) })], main: [observed({})] },
      init,
    ],
    [
      'initializing has failed',
      'Failed',
      { init: [first({ state: { terminated: end(1) } })], main: [observed({})] },
      { ...init, restartPolicy: 'Never' },
    ],
    ['it is initialized', 'Running', { init: [first({ state: { terminated: end(0) } })] }, init],
    [
      'a sidecar runs on',
      'Running',
      { init: [first({ state: running, started: true })] },
      { initContainers: [makeContainer({ name: 'first', restartPolicy: 'Always' })] },
    ],
  ])('when %s, the phase is %s', (_, phase, seen, spec) => {
    expect(status(seen, spec).phase).toBe(phase);
  });

  const conditions = (given: PodStatus): readonly string[] =>
    (given.conditions ?? [])
      .filter(({ type }) => type !== 'PodScheduled' && type !== 'PodReadyToStartContainers')
      .map(({ type, status: value, reason, message }) =>
        [type, value, reason, message].filter(Boolean).join(' '),
      );

  test('says which containers are not ready, and which init containers are not done', () => {
    const seen = { init: [first({ state: running })], main: [observed({}), { ...up, name: 'b' }] };
    expect(conditions(status(seen, init))).toEqual([
      'Initialized False ContainersNotInitialized containers with incomplete status: [first]',
      'Ready False ContainersNotReady containers with unready status: [app]',
      'ContainersReady False ContainersNotReady containers with unready status: [app]',
    ]);
  });

  test('of a pod that is over says so', () => {
    const done = status({ main: [over(0)] }, { restartPolicy: 'Never' });
    expect(conditions(done)).toEqual([
      'Initialized True PodCompleted',
      'Ready False PodCompleted',
      'ContainersReady False PodCompleted',
    ]);
    expect(conditions(status({ main: [over(1)], ended: true }))).toEqual([
      'Initialized True',
      'Ready False PodFailed',
      'ContainersReady False PodFailed',
    ]);
  });

  test('is Ready only with all of its gates', () => {
    const spec = { readinessGates: [{ conditionType: 'a' }, { conditionType: 'b' }] };
    const gates = (...written: readonly (readonly [string, string])[]): readonly string[] => {
      const pod = makePod(spec, {
        status: { conditions: written.map(([type, value]) => ({ type, status: value })) },
      });
      return conditions(statusOf(pod, see({}), {}, '2026-01-01T00:01:00Z')).slice(1);
    };
    expect(gates(['a', 'True'], ['b', 'True'])).toEqual(['Ready True', 'ContainersReady True']);
    expect(gates(['a', 'False'])).toEqual([
      'Ready False ReadinessGatesNotReady the status of pod readiness gate "a" is not "True", but False, ' +
        'corresponding condition of pod readiness gate "b" does not exist.',
      'ContainersReady True',
    ]);
  });

  test('has no address before the pod has one', () => {
    expect(status({ place: null, main: [observed({})] })).not.toHaveProperty('podIP');
  });
});
