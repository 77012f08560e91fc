import { describe, expect, test } from 'vitest';
import { sampleServiceOfEngine } from '../../test/fakes/fake-commands.ts';
import { recordNowMs, sampleRecord } from '../../test/fakes/records.ts';
import type { CheckVerdict, VerdictEvidence } from '../analysis/judge.ts';
import type { RolloutRecord } from '../engine/ports.ts';
import type { RolloutState } from '../rollout/state.ts';
import { serviceView } from './service-view.ts';
import { whyParagraph } from './why-paragraph.ts';

function why(
  state: Partial<RolloutState>,
  parts: {
    readonly troubles?: readonly string[];
    readonly disabled?: boolean;
    readonly rollout?: Partial<RolloutRecord>;
  } = {},
): string {
  const service = sampleServiceOfEngine();
  const view = serviceView(
    {
      ...service,
      canary: { ...service.canary, disabled: parts.disabled ?? false },
      troubles: parts.troubles ?? [],
      verdict: null,
      checks: parts.rollout?.checks ?? service.checks,
      rollout: { ...sampleRecord, ...parts.rollout, state: { ...sampleRecord.state, ...state } },
    },
    recordNowMs,
  );
  return whyParagraph(view, recordNowMs);
}

test('a hold', () => {
  expect(why({})).toMatchInlineSnapshot(
    `"default/checkout sends 25 % of the requests to 2.9.0 and judges it, step 2 of 3, for 6m now. holding: 6 of 10 minutes judged, all checks pass. It waits for nothing but Sluice itself; nobody needs to act. The earliest end of that is in 4m. Then 50 % of the requests follow, if its checks pass; if they fail, all traffic goes back to stable."`,
  );
});

describe('judged by evidence', () => {
  const evidence: VerdictEvidence = {
    logEvidence: Math.log(33),
    peakLogEvidence: Math.log(33),
    logLevel: Math.log(100),
    logSuspect: Math.log(10),
    environment: false,
    blame: [],
    onsetAtMs: null,
    detector: null,
    placebos: null,
  };
  const check: CheckVerdict = {
    name: 'error-rate',
    kind: 'suspect',
    value: 0.42,
    stableValue: 0.041,
    limit: { max: 0.1 },
    requests: 3_412,
    errors: 14,
    logEvidence: Math.log(62),
    interval: { low: 0.16, high: 0.88 },
    message: '0.42 %, allowed at most 0.1 %; 14 of 3,412 failed, stable 4 of 10,236',
    evidence: {
      peakLogEvidence: Math.log(62),
      blamed: false,
      environment: false,
      onsetAtMs: null,
      canary: { requests: 3_412, bad: 14 },
      stable: { requests: 10_236, bad: 4 },
      smallestSeen: 0.0043,
    },
  };
  const plan = { ...sampleRecord.plan, judging: { ...sampleRecord.plan.judging, judge: 'bet' } } as const;

  test('a suspect', () => {
    const state = { reason: 'suspect', owner: 'metrics', message: 'too strong to go on' } as const;
    expect(why(state, { rollout: { plan, evidence, checks: [check] } })).toMatchInlineSnapshot(
      `"default/checkout sends 25 % of the requests to 2.9.0 and judges it, step 2 of 3, for 6m now. suspect: too strong to go on. bet has evidence of 33 against it: it holds from 10 on and goes back at 100. error-rate: 0.42 %, allowed at most 0.1 %; 14 of 3,412 failed, stable 4 of 10,236. It waits for measurements that can be judged. The earliest end of that is in 4m. Then 50 % of the requests follow, if its checks pass; if they fail, all traffic goes back to stable."`,
    );
  });

  test('nothing against it so far, and what that is worth', () => {
    const passing = { ...check, kind: 'pass' } as const;
    const calm = { ...evidence, peakLogEvidence: 0 };
    const looksOn = {
      judge: 'threshold',
      state: { judge: 'threshold' },
      kind: 'fail',
      logEvidence: null,
      failedAtMs: 1,
      message: 'error-rate: 0.42 %, allowed at most 0.1 %',
    } as const;
    const rollout = { plan, evidence: calm, checks: [passing], shadows: [looksOn] };
    expect(why({}, { rollout })).toMatchInlineSnapshot(
      `"default/checkout sends 25 % of the requests to 2.9.0 and judges it, step 2 of 3, for 6m now. holding: 6 of 10 minutes judged, all checks pass. error-rate says nothing against it after 3412 requests: if 0.43 % of them were bad, that would have been found by now in 9 of 10 cases. threshold, which only looks on, would have gone back: error-rate: 0.42 %, allowed at most 0.1 %. It waits for nothing but Sluice itself; nobody needs to act. The earliest end of that is in 4m. Then 50 % of the requests follow, if its checks pass; if they fail, all traffic goes back to stable."`,
    );
  });

  test('taken back: how sure, and what is promised', () => {
    const state = {
      name: 'RolledBack',
      reason: 'check-failed',
      message: 'error-rate: 0.42 %, allowed at most 0.1 %',
      endedAtMs: recordNowMs - 90_000,
    } as const;
    expect(why(state, { rollout: { plan, evidence, checks: [check] } })).toMatchInlineSnapshot(
      `"The last rollout of default/checkout, 2.9.0, ended as RolledBack 1m30s ago. check-failed: error-rate: 0.42 %, allowed at most 0.1 %. A healthy release would look this bad in fewer than 1 of 33 rollouts. At most 1 % of healthy releases are taken back by the checks that count requests, under the two assumptions of docs/judge.md. Crashes, webhooks and queries are outside of it; the bake has a detector of its own. It was decided by ada. 2.8.1 serves all users and nothing is waited for. The same revision runs again only by "sluice retry default/checkout"; any other starts a new rollout."`,
    );
  });
});

test('an approval names the two commands', () => {
  expect(
    why({
      name: 'AwaitingApproval',
      owner: 'person',
      reason: 'step-approval',
      message: 'step 2 wants an approval',
    }),
  ).toMatchInlineSnapshot(
    `"default/checkout waits for an approval of 2.9.0 with 25 % of the requests on it, step 2 of 3, for 6m now. step-approval: step 2 wants an approval. It waits for a person: "sluice approve default/checkout" lets it go on, "sluice reject default/checkout" takes it back. That has no deadline. Then 50 % of the requests follow, if its checks pass; if they fail, all traffic goes back to stable."`,
  );
});

test('a start that has a deadline', () => {
  const state = {
    name: 'Starting',
    owner: 'workload',
    reason: 'scaling-canary',
    message: '0 of 1 replicas are ready',
    step: -1,
    deadlineMs: recordNowMs + 540_000,
    route: { routing: { kind: 'none' }, tombstone: false },
  } as const;
  expect(why(state)).toMatchInlineSnapshot(
    `"default/checkout starts 2.9.0 beside stable; no user reaches it yet, for 6m now. scaling-canary: 0 of 1 replicas are ready. It waits for the processes to become ready. That has a deadline in 9m. Then 10 % of the requests follow, if its checks pass; if they fail, all traffic goes back to stable."`,
  );
});

test('a rollback, and its end', () => {
  const decided = {
    decidedAtMs: recordNowMs - 20,
    decidedBy: { kind: 'controller', name: 'controller' },
    reason: 'check-failed',
    message: 'error-rate 0.8 % is above 0.1 %',
  } as const;
  expect(why({ ...decided, name: 'RollingBack', owner: 'data plane' })).toMatchInlineSnapshot(
    `"default/checkout takes all traffic back from 2.9.0, for 6m now. check-failed: error-rate 0.8 % is above 0.1 %. It waits for the proxy to prove that the traffic is as asked. That has no deadline. Then it ends; the weight can only fall by now."`,
  );
  expect(why({ ...decided, name: 'RolledBack', endedAtMs: recordNowMs - 5_000 })).toMatchInlineSnapshot(
    `"The last rollout of default/checkout, 2.9.0, ended as RolledBack 5s ago. check-failed: error-rate 0.8 % is above 0.1 %. It was decided by the controller. 2.8.1 serves all users and nothing is waited for. The same revision runs again only by "sluice retry default/checkout"; any other starts a new rollout."`,
  );
});

test('a promotion that is over, on a disabled service, with trouble', () => {
  const state = {
    name: 'Promoted',
    reason: 'succeeded',
    message: 'all checks passed',
    endedAtMs: recordNowMs - 90_000,
  } as const;
  expect(why(state, { disabled: true, troubles: ['the keeper does not answer'] })).toMatchInlineSnapshot(
    `"The last rollout of default/checkout, 2.9.0, ended as Promoted 1m30s ago. succeeded: all checks passed. 2.8.1 serves all users and nothing is waited for; it is disabled, "sluice enable default/checkout" rolls out again. The next change of what it runs starts the next rollout. Beside that: the keeper does not answer."`,
  );
});
