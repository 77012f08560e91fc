import { describe, expect, test } from 'vitest';
import { afterCrash, isRestarted, kubeletCrashPolicy, noCrashes } from './crash-backoff.ts';

describe('the back-off of a crash loop', () => {
  const delays = (runsMs: readonly number[]): readonly number[] => {
    let crashes = noCrashes;
    return runsMs.map((ranMs) => {
      crashes = afterCrash(crashes, ranMs, kubeletCrashPolicy);
      return crashes.lastMs / 1000;
    });
  };

  test('is none at first, then 10 s, doubled up to 5 minutes', () => {
    expect(delays(Array.from({ length: 9 }, () => 1000))).toEqual([0, 10, 20, 40, 80, 160, 300, 300, 300]);
  });

  test('is forgotten after a run of more than 10 minutes, not after one of 10', () => {
    expect(delays([0, 0, 0, 600_000, 600_001, 0])).toEqual([0, 10, 20, 40, 0, 10]);
  });

  test('comes only where the policy lets the container start again', () => {
    const answers = ['Always', 'OnFailure', 'Never', undefined].map((policy) =>
      [0, 1].map((exitCode) => isRestarted(policy, exitCode)),
    );
    expect(answers).toEqual([
      [true, true],
      [false, true],
      [false, false],
      [true, true],
    ]);
  });
});
