import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ArmCounts, Block, Sample, Signal } from './block.ts';
import type { CheckPlan, JudgeInput, JudgeName, JudgePlan, JudgeState, Verdict } from './judge.ts';
import { judgeOf } from './judges.ts';
import { withJudge } from './with-judge.ts';

const errorRate: CheckPlan = {
  name: 'error-rate',
  measure: { kind: 'errorShare' },
  limit: { max: 1 },
  shownUnit: '%',
  shownScale: 1,
  windowMs: 20_000,
  minRequests: 0,
};
const successRate: CheckPlan = {
  ...errorRate,
  name: 'success-rate',
  measure: { kind: 'successShare' },
  limit: { min: 95, max: 100 },
};
const p95: CheckPlan = {
  ...errorRate,
  name: 'p95',
  measure: { kind: 'latencyQuantile', quantile: 0.95 },
  limit: { max: 1 },
  shownUnit: 's',
};
const queue: CheckPlan = {
  ...errorRate,
  name: 'queue',
  measure: { kind: 'sample' },
  limit: { max: 10 },
  shownUnit: '',
};

const judges: readonly JudgeName[] = ['bet', 'likelihood', 'threshold', 'argo', 'kayenta'];

function planOf(judge: JudgeName, checks: readonly CheckPlan[]): JudgePlan {
  const plan: JudgePlan = {
    judge: 'threshold',
    intervalMs: 10_000,
    failureThreshold: 3,
    failAt: 'atOnce',
    onNoData: 'wait',
    kayenta: { sampleMs: 5_000 },
    checks,
  };
  const made = withJudge(plan, judge);
  if (made.argo === undefined) return made;
  const metrics = made.argo.metrics.map((metric) => ({ ...metric, intervalMs: 10_000 }));
  return { ...made, argo: { metrics } };
}

/** What happens to a judge: readings, or a new step. */
type Event = { readonly kind: 'judge'; readonly input: JudgeInput } | { readonly kind: 'step' };

const call = (blocks: readonly Block[], more: Partial<JudgeInput> = {}): Event => ({
  kind: 'judge',
  input: {
    blocks,
    samples: [],
    signals: [],
    providerError: null,
    nowMs: blocks.at(-1)?.atMs ?? 0,
    ...more,
  },
});

/** Text of each verdict; the state goes through JSON after each event that `restarts` says. */
function follow(
  plan: JudgePlan,
  events: readonly Event[],
  restarts: (index: number) => boolean,
): { readonly verdicts: readonly string[]; readonly state: JudgeState } {
  const judge = judgeOf(plan.judge);
  let state = judge.start(plan);
  const verdicts: string[] = [];
  for (const [index, event] of events.entries()) {
    if (event.kind === 'step') state = judge.startStep(plan, state);
    else {
      const judged = judge.judge(plan, state, event.input);
      state = judged.state;
      verdicts.push(JSON.stringify(judged.verdict));
    }
    freeze(state);
    if (restarts(index)) state = JSON.parse(JSON.stringify(state)) as JudgeState;
  }
  return { verdicts, state };
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}

const bounds = [0.1, 1, 5];

const soundArm: fc.Arbitrary<ArmCounts> = fc
  .record({
    requests: fc.nat(200),
    errors: fc.double({ min: 0, max: 0.1, noNaN: true }),
    slow: fc.tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 0.2, noNaN: true }),
      fc.double({ min: 0, max: 0.05, noNaN: true }),
    ),
    measured: fc.boolean(),
  })
  .map(({ requests, errors, slow, measured }) => {
    const counts = { requests, errors: Math.round(errors * requests) };
    const cumulative = slow.toSorted((a, b) => b - a).map((share) => requests - Math.round(share * requests));
    return measured ? { ...counts, latency: { unit: 's', bounds, cumulative } as const } : counts;
  });

/** Anything that has the shape of an arm. */
const wild = fc.oneof(
  fc.constantFrom(-1, 0.5, Number.NaN, Infinity, -Infinity, 1e300, -1e300, Number.MAX_SAFE_INTEGER + 1, -0.1),
  fc.double(),
);
const garbageArm: fc.Arbitrary<ArmCounts> = fc.oneof(
  fc.record({ requests: wild.filter(isNoCount), errors: fc.oneof(wild, fc.nat(50)) }),
  fc.record({ requests: fc.nat(200), errors: wild.filter(isNoCount) }),
  fc
    .tuple(fc.integer({ min: 2, max: 200 }), fc.constantFrom([9, 1, 2], [1, Number.NaN, 3], [-1, 0, 1], [1]))
    .map(([requests, cumulative]) => ({
      requests,
      errors: 0,
      latency: { unit: 's', bounds, cumulative } as const,
    })),
  fc.constant({
    requests: 100,
    errors: 0,
    latency: { unit: 's', bounds: [5, 1, 0.1], cumulative: [1, 2, 3] } as const,
  }),
);

function isNoCount(value: number): boolean {
  return !Number.isSafeInteger(value) || value < 0;
}

/** A clock that may jump either way, stand, or be none at all. */
const wildTime = fc.oneof(
  fc.integer({ min: 0, max: 600_000 }),
  fc.constantFrom(Number.NaN, Infinity, -Infinity, 1e300, -1, 0, 4e12),
);

const garbageBlock: fc.Arbitrary<Block> = fc.record(
  { atMs: wildTime, durationMs: wildTime, canary: garbageArm, stable: fc.oneof(soundArm, garbageArm) },
  { requiredKeys: ['atMs', 'durationMs', 'canary'] },
);

const sample: fc.Arbitrary<Omit<Sample, 'atMs'>> = fc.oneof(
  fc.record({ check: fc.constant('queue'), value: fc.oneof(fc.constant(null), fc.nat(12), fc.double()) }),
  fc.constant({ check: 'queue', value: null, error: 'HTTP 503' }),
);

/** A trace of a whole run, in order or not, with what is sound and what is not. */
const traces: fc.Arbitrary<readonly Event[]> = fc
  .array(
    fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record(
          { canary: soundArm, stable: soundArm, samples: fc.array(sample, { maxLength: 2 }) },
          { requiredKeys: [] },
        ),
      },
      { weight: 2, arbitrary: fc.record({ garbage: garbageBlock }) },
      {
        weight: 1,
        arbitrary: fc.record({ again: fc.constant(true), canary: soundArm, stable: soundArm }),
      },
      { weight: 1, arbitrary: fc.record({ providerError: fc.constant('connection refused') }) },
      { weight: 1, arbitrary: fc.record({ signal: fc.boolean() }) },
      { weight: 1, arbitrary: fc.constant({ step: true }) },
    ),
    { minLength: 1, maxLength: 30 },
  )
  .map((parts) => parts.map((part, index) => eventOf(part, (index + 1) * 5_000)));

function eventOf(
  part: {
    readonly canary?: ArmCounts;
    readonly stable?: ArmCounts;
    readonly samples?: readonly Omit<Sample, 'atMs'>[];
    readonly garbage?: Block;
    readonly again?: boolean;
    readonly providerError?: string;
    readonly signal?: boolean;
    readonly step?: boolean;
  },
  nowMs: number,
): Event {
  if (part.step === true) return { kind: 'step' };
  if (part.providerError !== undefined) return call([], { nowMs, providerError: part.providerError });
  if (part.signal !== undefined) {
    const signal: Signal = { name: 'smoke', atMs: nowMs, passed: part.signal, message: 'HTTP 500' };
    return call([], { nowMs, signals: [signal] });
  }
  if (part.garbage !== undefined) return call([part.garbage], { nowMs });
  const block: Block = {
    atMs: nowMs,
    durationMs: 5_000,
    ...(part.canary === undefined ? null : { canary: part.canary }),
    ...(part.stable === undefined ? null : { stable: part.stable }),
  };
  const samples = (part.samples ?? []).map((reading) => ({ ...reading, atMs: nowMs }));
  return call(part.again === true ? [block, block] : [block], { nowMs, samples });
}

const checks = [errorRate, successRate, p95, queue];

describe.for(judges)('%s', (judge) => {
  const plan = planOf(judge, checks);

  test('a run that is cut into restarts anywhere has the same verdicts and the same state', () => {
    fc.assert(
      fc.property(traces, fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }), (events, cuts) => {
        const whole = follow(plan, freeze(events), () => false);
        const cut = follow(plan, events, (index) => cuts[index] === true);
        const atEach = follow(plan, events, () => true);
        expect(cut.verdicts).toEqual(whole.verdicts);
        expect(atEach.verdicts).toEqual(whole.verdicts);
        expect(JSON.stringify(atEach.state)).toBe(JSON.stringify(whole.state));
      }),
      { numRuns: 150 },
    );
  });

  test('what was recorded is judged to the same again, and nothing that was given is changed', () => {
    fc.assert(
      fc.property(traces, (events) => {
        const kept = events.filter(canBeRecorded);
        const recorded = JSON.parse(JSON.stringify(kept)) as readonly Event[];
        expect(follow(plan, recorded, () => true).verdicts).toEqual(
          follow(plan, freeze(kept), () => false).verdicts,
        );
      }),
      { numRuns: 60 },
    );
  });

  test('garbage makes it neither fall over nor pass', () => {
    const garbage = fc.array(fc.array(garbageBlock, { minLength: 1, maxLength: 3 }), { maxLength: 12 });
    fc.assert(
      fc.property(garbage, fc.subarray([errorRate, successRate, p95], { minLength: 1 }), (calls, of) => {
        const events = calls.map((blocks, index) => call(blocks, { nowMs: (index + 1) * 5_000 }));
        for (const text of follow(planOf(judge, of), events, () => false).verdicts)
          expect((JSON.parse(text) as Verdict).kind).not.toBe('pass');
      }),
      { numRuns: 300 },
    );
  });

  test('nor in a step after a good one, or where the limit is nothing or everything', () => {
    const good = Array.from({ length: 12 }, (_, index) => call([sound((index + 1) * 5_000)]));
    const limits = [{ max: 0 }, { max: 100 }, { min: 0 }, { min: 100 }, { min: 0, max: 100 }, {}];
    fc.assert(
      fc.property(
        fc.array(garbageBlock, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(...limits),
        (blocks, limit) => {
          const of = planOf(judge, [{ ...errorRate, limit }]);
          const bad = blocks.map((block, index) => call([block], { nowMs: 60_000 + (index + 1) * 5_000 }));
          const { verdicts } = follow(of, [...good, { kind: 'step' }, ...bad], () => false);
          for (const text of verdicts.slice(good.length))
            expect((JSON.parse(text) as Verdict).kind).not.toBe('pass');
        },
      ),
      { numRuns: 100 },
    );
  });

  test('garbage between good blocks does not stay: a good step later passes', () => {
    fc.assert(
      fc.property(fc.array(garbageBlock, { minLength: 1, maxLength: 5 }), (blocks) => {
        const inTime = blocks.map((block, index) => ({
          ...block,
          atMs: (index + 1) * 1_000,
          durationMs: 1_000,
        }));
        const good = Array.from({ length: 24 }, (_, index) => call([sound(5_000 + (index + 1) * 5_000)]));
        const { verdicts } = follow(
          planOf(judge, [errorRate]),
          [call(inTime), { kind: 'step' }, ...good],
          () => true,
        );
        expect((JSON.parse(verdicts.at(-1) ?? '{}') as Verdict).kind).toBe('pass');
      }),
      { numRuns: 50 },
    );
  });
});

/** Both arms serve, nothing fails, and latencies are good. */
function sound(atMs: number): Block {
  const arm = (requests: number): ArmCounts => ({
    requests,
    errors: 0,
    latency: { unit: 's', bounds, cumulative: [requests, requests, requests] },
  });
  return { atMs, durationMs: 5_000, canary: arm(50), stable: arm(450) };
}

/** JSON holds no NaN and no infinity, so nothing of that kind is ever recorded. */
function canBeRecorded(event: Event): boolean {
  return event.kind === 'step' || isDeepStrictEqual(JSON.parse(JSON.stringify(event)), event);
}

describe('bet, for very long', () => {
  test('200,000 blocks: the state grows by the digits of its counts, and no more', () => {
    const plan = planOf('bet', [{ ...errorRate, limit: { max: 1 } }, p95]);
    const judge = judgeOf('bet');
    let state = judge.start(plan);
    let verdict: Verdict | null = null;
    const sizes: number[] = [];
    for (let part = 0; part < 200; part += 1) {
      const blocks = Array.from({ length: 1_000 }, (_, index) => {
        const block = sound((part * 1_000 + index + 1) * 5_000);
        const failing = (arm: ArmCounts | undefined, errors: number) =>
          arm === undefined ? null : { ...arm, errors };
        const canary = failing(block.canary, index % 9 === 0 ? 1 : 0);
        const stable = failing(block.stable, 1);
        return { ...block, ...(canary && { canary }), ...(stable && { stable }) };
      });
      const nowMs = blocks.at(-1)?.atMs ?? 0;
      ({ state, verdict } = judge.judge(plan, state, {
        blocks,
        samples: [],
        signals: [],
        providerError: null,
        nowMs,
      }));
      sizes.push(JSON.stringify(state).length);
    }
    expect(verdict?.kind).toBe('pass');
    expect(verdict?.requestsInStep).toBe(200_000 * 50);
    expect(Math.max(...sizes)).toBeLessThan(1.1 * (sizes[0] ?? 0));
    expect(sizes[0]).toBeLessThan(1_500);
  });
});
