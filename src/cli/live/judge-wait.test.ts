import { expect, test } from 'vitest';
import type { RolloutView, ServiceView } from '../../resource/view.ts';
import { sampleRolledBack, sampleRollout, sampleService } from '../render/sample-service.ts';
import { judgeWait, timedOut, type WaitInput, type WaitStep } from './judge-wait.ts';

function wait(parts: Partial<WaitInput>): WaitStep {
  return judgeWait({
    name: 'checkout',
    service: sampleService,
    revision: '77aa',
    target: { kind: 'promoted' },
    waitForApproval: true,
    history: [],
    before: new Set(),
    ...parts,
  });
}

function withRollout(parts: Partial<RolloutView>): ServiceView {
  return { ...sampleService, rollout: { ...sampleRollout, ...parts } };
}

function brief(step: WaitStep): string {
  return step.kind === 'ended' ? `exit ${step.exit}` : `waiting${step.observed ? '' : ', not observed'}`;
}

test('each end has its exit code', () => {
  const ends = ['Promoted', 'RolledBack', 'Aborted', 'Failed', 'Superseded'] as const;
  expect(
    ends.map((end) => `${end} ${brief(wait({ service: withRollout({ state: end, outcome: end }) }))}`),
  ).toEqual(['Promoted exit 0', 'RolledBack exit 3', 'Aborted exit 4', 'Failed exit 1', 'Superseded exit 7']);
});

test('a running rollout is waited for, by revision or by label', () => {
  expect(brief(wait({}))).toBe('waiting');
  expect(brief(wait({ revision: '2.9.0' }))).toBe('waiting');
});

test('it is bound to the revision: another one is not the answer', () => {
  const other = wait({ revision: '99cc' });
  expect(brief(other)).toBe('waiting, not observed');
  expect(timedOut(other).exit).toBe(8);
  expect(timedOut(wait({})).exit).toBe(5);
  expect(brief(wait({ service: undefined }))).toBe('waiting, not observed');
});

test('a promoted service whose newer revision is wanted has not promoted that one', () => {
  const service = { ...sampleService, rollout: null };
  expect(brief(wait({ service }))).toBe('waiting');
  expect(brief(wait({ service: { ...service, promoted: sampleRollout.revision } }))).toBe('exit 0');
});

test('a rollout that made room for a newer one is found in the history', () => {
  const newer = withRollout({ name: 'checkout-99cc-1', revision: { revision: '99cc', label: '3.0.0' } });
  const superseded: RolloutView = { ...sampleRollout, state: 'Superseded', outcome: 'Superseded' };
  expect(brief(wait({ service: newer, history: [superseded] }))).toBe('exit 7');
});

test('the end of an earlier attempt is not the answer', () => {
  const before = new Set([sampleRollout.name]);
  expect(brief(wait({ service: sampleRolledBack }))).toBe('exit 3');
  expect(brief(wait({ service: sampleRolledBack, before }))).toBe('waiting');
});

test('approval: waited for, refused, or the aim', () => {
  const service = withRollout({ state: 'AwaitingApproval', owner: 'person' });
  expect(brief(wait({ service }))).toBe('waiting');
  expect(brief(wait({ service, waitForApproval: false }))).toBe('exit 6');
  expect(brief(wait({ service, target: { kind: 'approval' } }))).toBe('exit 0');
});

test('a start and a weight as the aim', () => {
  expect(brief(wait({ target: { kind: 'started' } }))).toBe('exit 0');
  expect(brief(wait({ target: { kind: 'weight', weightPercent: 25 } }))).toBe('exit 0');
  expect(brief(wait({ target: { kind: 'weight', weightPercent: 50 } }))).toBe('waiting');
});

test('a service that may not roll out says so', () => {
  const service = { ...sampleService, rollout: null, disabled: true };
  expect(wait({ service })).toMatchObject({
    line: 'checkout 2.9.0: waiting for its rollout to start (it is disabled: run "sluice enable")',
  });
});
