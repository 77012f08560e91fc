import { expect, test } from 'vitest';
import { styleFor } from '../terminal/style.ts';
import { changeLine } from './change-line.ts';
import type { RenderContext } from './context.ts';
import { serviceFrame } from './frame.ts';
import { historyTable } from './history.ts';
import { inOrderOfNeed, listTable } from './list.ts';
import {
  sampleNowMs,
  sampleRolledBack,
  sampleRollout,
  sampleService,
  sampleSuspect,
} from './sample-service.ts';

const plain: RenderContext = {
  style: styleFor({ env: { LANG: 'en_US.UTF-8' }, isTty: false, noColorFlag: false }),
  nowMs: sampleNowMs,
  timeZone: 'UTC',
};
const ascii: RenderContext = {
  ...plain,
  style: styleFor({ env: { LANG: 'C' }, isTty: false, noColorFlag: false }),
};

function text(lines: readonly string[]): string {
  return lines.join('\n');
}

test('a running rollout as a frame', () => {
  expect(text(serviceFrame(sampleService, plain))).toMatchInlineSnapshot(`
    "◐ checkout 2.8.1 → 2.9.0   default/checkout   Holding, canary 25 %   12 m 04 s elapsed, about 31 m left
      ✔ 10 %  5 m 00 s
      ◐ 25 %  6 m 02 s of 10 m  ██████░░░░░  then 50 % at 12:04:00
      · 50 %  15 m              after approval
      error-rate   0.041 %  <= 0.1 %  n 3 412  stable 0.038 %  pass
      latency-p95  0.61 s   <= 2 s    n 12                     not enough data
      stable 2.8.1  9/9 ready   canary 2.9.0  3/3 ready   traffic set 25 % actual 25 %
      holding: 6 of 10 minutes judged, all checks pass (controller, since 11:54:00)   0 of 3 failed checks used"
  `);
});

test('the same in ASCII', () => {
  const frame = text(serviceFrame(sampleService, ascii));
  expect(frame).toMatch(/^[\x20-\x7e\n]+$/);
  expect(frame).toMatchInlineSnapshot(`
    "* checkout 2.8.1 -> 2.9.0   default/checkout   Holding, canary 25 %   12 m 04 s elapsed, about 31 m left
      + 10 %  5 m 00 s
      * 25 %  6 m 02 s of 10 m  ######-----  then 50 % at 12:04:00
      . 50 %  15 m              after approval
      error-rate   0.041 %  <= 0.1 %  n 3 412  stable 0.038 %  pass
      latency-p95  0.61 s   <= 2 s    n 12                     not enough data
      stable 2.8.1  9/9 ready   canary 2.9.0  3/3 ready   traffic set 25 % actual 25 %
      holding: 6 of 10 minutes judged, all checks pass (controller, since 11:54:00)   0 of 3 failed checks used"
  `);
});

test('one judged by evidence', () => {
  expect(text(serviceFrame(sampleSuspect, plain))).toMatchInlineSnapshot(`
    "◐ checkout 2.8.1 → 2.9.0   default/checkout   Holding, canary 25 %   12 m 04 s elapsed, about 31 m left
      ✔ 10 %  5 m 00 s
      ◐ 25 %  6 m 02 s of 10 m  ██████░░░░░  then 50 % at 12:04:00
      · 50 %  15 m              after approval
      error-rate  0.42 %  (0.16 to 0.88)  <= 0.1 %  n 3 412  stable 0.041 %  evidence 62  suspect
      evidence 33: suspect from 10, back at 100; a healthy release would look this bad in fewer than 1 of 33 rollouts
      threshold (looks on): would have gone back at 11:59:48: error-rate: 0.42 %, allowed at most 0.1 %
      stable 2.8.1  9/9 ready   canary 2.9.0  3/3 ready   traffic set 25 % actual 25 %
      suspect: the evidence against the canary is too strong to go on and too weak to go back (metrics, since 11:54:00)"
  `);
});

test('a rolled back one shows why and the four times', () => {
  expect(text(serviceFrame(sampleRolledBack, plain))).toMatchInlineSnapshot(`
    "↩ checkout 2.8.1 → 2.9.0   default/checkout   RolledBack   took 12 m 03 s
      ✔ 10 %  5 m 00 s
      ✖ 25 %  6 m 02 s of 10 m  ended here
      · 50 %  15 m              after approval
      stable 2.8.1  9/9 ready   canary 2.9.0  3/3 ready
      check-failed: error-rate 0.8 % is above 0.1 % (27 of 3412 requests)
      onset 11:59:56, detected after 1.8 s, decided after 4 ms, restored after 12 ms"
  `);
});

test('a weight that is not proven says so, and so does an arm that cannot start', () => {
  const frame = serviceFrame(
    {
      ...sampleService,
      traffic: { ...sampleRollout.traffic, actual: { kind: 'weight', weightPercent: 10 }, inForce: false },
      arms: sampleService.arms.map((arm) =>
        arm.arm === 'canary' ? { ...arm, ready: 0, restarts: 4, failure: 'exits at once with code 1' } : arm,
      ),
      problem: 'the keeper does not answer',
    },
    plain,
  );
  expect(text(frame.slice(-5))).toMatchInlineSnapshot(`
    "  latency-p95  0.61 s   <= 2 s    n 12                     not enough data
      stable 2.8.1  9/9 ready   canary 2.9.0  0/3 ready, 4 restarts   traffic set 25 % actual 10 % (not yet in force)
      canary: exits at once with code 1
      holding: 6 of 10 minutes judged, all checks pass (controller, since 11:54:00)   0 of 3 failed checks used
      the keeper does not answer"
  `);
});

test('the list puts who waits for a person first', () => {
  const waiting = {
    ...sampleService,
    key: 'default/zoo',
    name: 'zoo',
    rollout: { ...sampleRollout, state: 'AwaitingApproval' as const, owner: 'person' as const },
  };
  const idle = { ...sampleService, key: 'default/aaa', name: 'aaa', rollout: null };
  const services = [idle, sampleRolledBack, sampleService, waiting];
  expect(inOrderOfNeed(services).map((service) => service.key)).toEqual([
    'default/zoo',
    'default/checkout',
    'default/checkout',
    'default/aaa',
  ]);
  expect(text(listTable(services, plain, false))).toMatchInlineSnapshot(`
    "SERVICE           STATE               VERSION        TRAFFIC      SINCE     WHY
    default/zoo       ⏸ AwaitingApproval  2.8.1 → 2.9.0  canary 25 %  6 m 00 s  6 of 10 minutes judged, all checks pass
    default/checkout  ◐ Holding           2.8.1 → 2.9.0  canary 25 %  6 m 00 s  6 of 10 minutes judged, all checks pass
    default/checkout  ↩ RolledBack        2.8.1                       11:54:00  error-rate 0.8 % is above 0.1 % (27 of 3412 requests)
    default/aaa       Idle                2.8.1"
  `);
  expect(text(listTable([sampleService], plain, true))).toMatchInlineSnapshot(`
    "SERVICE           STATE      VERSION        TRAFFIC      PLAN                        SINCE     ADDRESS                WHY
    default/checkout  ◐ Holding  2.8.1 → 2.9.0  canary 25 %  [10✔][25 █░░][50][promote]  6 m 00 s  http://127.0.0.1:8080  6 of 10 minutes judged, all checks pass"
  `);
});

test('a change line names nothing that moves by itself', () => {
  const later = {
    ...sampleService,
    rollout: { ...sampleRollout, message: '7 of 10 minutes judged', nextAtMs: sampleNowMs + 1 },
  };
  expect(changeLine(later)).toBe(changeLine(sampleService));
  expect(
    text([
      changeLine(sampleService),
      changeLine(sampleRolledBack),
      changeLine({ ...sampleService, rollout: null }),
    ]),
  ).toMatchInlineSnapshot(`
    "checkout 2.9.0: Holding, step 2 of 3, canary 25 % (holding)
    checkout 2.9.0: RolledBack, step 2 of 3, failed checks 3 of 3 (check-failed: error-rate 0.8 % is above 0.1 % (27 of 3412 requests))
    checkout: no rollout yet, wants 2.9.0"
  `);
});

test('history', () => {
  const rollouts = [sampleRolledBack.rollout ?? sampleRollout, sampleRollout];
  expect(text(historyTable(rollouts, plain))).toMatchInlineSnapshot(`
    "STATE         ROLLOUT          VERSION  STARTED   TOOK       WEIGHTS  WHY
    ↩ RolledBack  checkout-77aa-1  2.9.0    11:47:56  12 m 03 s  10 → 25  error-rate 0.8 % is above 0.1 % (27 of 3412 requests); onset 11:59:56, detected after 1.8 s, decided after 4 ms, restored after 12 ms
    ◐ Holding     checkout-77aa-1  2.9.0    11:47:56  12 m 04 s  10 → 25  6 of 10 minutes judged, all checks pass"
  `);
});
