import { expect, test } from 'vitest';
import { startRollout } from '../rollout/lifecycle.ts';
import type { RolloutState } from '../rollout/state.ts';
import { examplePlan } from '../../test/fakes/examples.ts';
import { flaggerPhase } from './phase.ts';

const started = startRollout({
  identity: { uid: 'u', name: 'shop-b-1', revision: 'b', stableRevision: 'a' },
  plan: examplePlan,
  nowMs: 0,
});

function phase(change: Partial<RolloutState>, first = false): string {
  const rollout = { state: { ...started, ...change }, plan: examplePlan };
  return flaggerPhase({ deleting: false, promoted: !first, first, rollout });
}

test('a Canary shows what its rollout shows, and what it showed before while one only waits to start', () => {
  expect(phase({ name: 'Pending' })).toBe('Succeeded');
  expect(phase({ name: 'AwaitingApproval', resume: 'Pending' })).toBe('Waiting');
  expect(phase({ name: 'Baking' })).toBe('Finalising');
  expect(phase({ name: 'Promoted' })).toBe('Succeeded');
  expect(phase({ name: 'RollingBack' })).toBe('Progressing');
  expect(phase({ name: 'RollingBack', restoredAtMs: 1 })).toBe('Failed');
});

test('the first revision initialises, and a Canary that goes terminates', () => {
  expect(phase({ name: 'Starting', reason: 'first-revision' }, true)).toBe('Initializing');
  expect(phase({ name: 'Promoted' }, true)).toBe('Initialized');
  expect(phase({ name: 'Failed' }, true)).toBe('Failed');
  expect(flaggerPhase({ deleting: false, promoted: false, first: true, rollout: null })).toBe('Initializing');
  expect(flaggerPhase({ deleting: true, promoted: true, first: false, rollout: null })).toBe('Terminating');
});
