import { expect, test } from 'vitest';
import { differencePods, type PodCursor, type PodReading, type PodStep } from './pod-counters.ts';

function reading(pod: string, requests: number, errors = 0): PodReading {
  const counters = {
    requests: { all: requests },
    errors: errors === 0 ? {} : { all: errors },
    latency: null,
  };
  return { pod, source: pod, counters };
}

/** Readings 10 s apart; `null`: nothing answered. */
function play(...all: readonly (readonly PodReading[] | null)[]): readonly (PodStep['block'] | number)[] {
  let cursor: PodCursor | null = null;
  const out: (PodStep['block'] | number)[] = [];
  for (const [index, readings] of all.entries()) {
    const step = differencePods(cursor, readings ?? [], (index + 1) * 10_000, 30_000);
    cursor = step.cursor;
    out.push(step.block);
    if (step.resets > 0) out.push(step.resets);
  }
  return out;
}

function counts(blocks: ReturnType<typeof play>): readonly unknown[] {
  return blocks.map((block) =>
    block === null || typeof block === 'number'
      ? block
      : [
          block.durationMs,
          ...block.pods.map(({ pod, counts: { requests, errors } }) => [pod, requests, errors]),
        ],
  );
}

test('each pod by itself; the first reading is the base', () => {
  expect(
    counts(play([reading('a', 100, 1), reading('b', 7)], [reading('a', 110, 3), reading('b', 9)])),
  ).toEqual([null, [10_000, ['a', 10, 2], ['b', 2, 0]]]);
});

test('a pod that is born counts from 0, since the service was read just before', () => {
  expect(counts(play([reading('a', 100)], [reading('a', 110), reading('b', 6, 1)]))).toEqual([
    null,
    [10_000, ['a', 10, 0], ['b', 6, 1]],
  ]);
});

test('a restart counts from 0 and is told', () => {
  expect(counts(play([reading('a', 100, 9)], [reading('a', 4, 2)]))).toEqual([
    null,
    [10_000, ['a', 4, 2]],
    1,
  ]);
});

test('a short gap is merged, of all and of one pod', () => {
  expect(
    counts(
      play(
        [reading('a', 100), reading('b', 0)],
        null,
        [reading('a', 120)],
        [reading('a', 130), reading('b', 30)],
      ),
    ),
  ).toEqual([null, null, [20_000, ['a', 20, 0]], [10_000, ['a', 10, 0], ['b', 30, 0]]]);
});

test('after a long gap there is a new base: nobody knows when it was counted, nor whether a pod is new', () => {
  expect(
    counts(
      play(
        [reading('a', 100)],
        null,
        null,
        null,
        [reading('a', 9_000), reading('b', 5_000)],
        [reading('a', 9_001), reading('b', 5_002)],
      ),
    ),
  ).toEqual([null, null, null, null, null, [10_000, ['a', 1, 0], ['b', 2, 0]]]);
});

test('a pod that was away for long has a new base, while the others count', () => {
  const blocks = play(
    [reading('a', 0), reading('b', 0)],
    [reading('a', 1)],
    [reading('a', 2)],
    [reading('a', 3)],
    [reading('a', 4), reading('b', 900)],
  );
  expect(counts(blocks).at(-1)).toEqual([10_000, ['a', 1, 0]]);
});
