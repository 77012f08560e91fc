import { expect, test } from 'vitest';
import type { Reason, StateName } from '../rollout/state.ts';
import { flaggerPhase, promotedCondition } from './phase.ts';

function phase(
  name: StateName,
  reason: Reason = 'holding',
  more: { first?: boolean; restoredAtMs?: number } = {},
): string {
  const { first = false, restoredAtMs = null } = more;
  const found = flaggerPhase({
    deleting: false,
    promoted: !first,
    first,
    state: { name, reason, restoredAtMs },
  });
  return `${found} ${promotedCondition(found)}`;
}

test("states in Flagger's words", () => {
  expect(phase('Pending')).toBe('Succeeded True');
  expect(phase('AwaitingApproval', 'confirm-rollout')).toBe('Waiting Unknown');
  expect(phase('AwaitingApproval', 'step-approval')).toBe('Progressing Unknown');
  expect(phase('AwaitingApproval', 'promotion-approval')).toBe('WaitingPromotion Unknown');
  expect(phase('Baking')).toBe('Finalising Unknown');
  expect(phase('Promoted')).toBe('Succeeded True');
  expect(phase('Aborted')).toBe('Failed False');
});

test('a rollback is Failed once users are safe, not before', () => {
  expect(phase('RollingBack', 'check-failed')).toBe('Progressing Unknown');
  expect(phase('RollingBack', 'draining', { restoredAtMs: 1 })).toBe('Failed False');
});

test('the first revision initialises', () => {
  expect(phase('Starting', 'first-revision', { first: true })).toBe('Initializing Unknown');
  expect(phase('Promoted', 'succeeded', { first: true })).toBe('Initialized True');
  expect(phase('Failed', 'workload-failed', { first: true })).toBe('Failed False');
  expect(flaggerPhase({ deleting: false, promoted: false, first: true, state: null })).toBe('Initializing');
  expect(flaggerPhase({ deleting: true, promoted: true, first: false, state: null })).toBe('Terminating');
});
