import type { Signal } from '../analysis/block.ts';
import type { Judge, JudgeInput, JudgeName, JudgePlan, JudgeState, Verdict } from '../analysis/judge.ts';
import { withJudge } from '../analysis/with-judge.ts';
import { failureWords } from '../rollout/verdict.ts';
import type { Measurement, MetricReading, RolloutRecord, ShadowRecord } from './ports.ts';
import { addTraffic } from './traffic.ts';

export type JudgeOf = (name: JudgeName) => Judge<JudgeState>;

/** What came of one reading: `error` where the source could not be read. */
export type ReadingOutcome =
  | { readonly kind: 'read'; readonly reading: MetricReading }
  | { readonly kind: 'error'; readonly message: string };

/** The route left force: the next reading only sets the cursor, so that no block spans two routes. */
export function interrupted(record: RolloutRecord): RolloutRecord {
  if (record.judged === null || record.judged.fromMs === null) return record;
  return { ...record, judged: { ...record.judged, fromMs: null } };
}

/**
 * Feeds one reading, begun at `calledAtMs`, to the judges. The first reading of a step (or after the route was out of force)
 * sets the cursor and counts nothing: what it brings was served in part under another route. A verdict of null: nothing new.
 */
export function judgeReading(
  judgeOf: JudgeOf,
  record: RolloutRecord,
  outcome: ReadingOutcome,
  signals: readonly Signal[],
  calledAtMs: number,
  nowMs: number,
): { readonly record: RolloutRecord; readonly verdict: Verdict | null } {
  const plan = record.plan.judging;
  const judge = judgeOf(plan.judge);
  const { attempt } = record.state;
  const sameStep = record.judged?.attempt === attempt;
  const before = record.judge ?? judge.start(plan);
  const state = sameStep ? before : judge.startStep(plan, before);
  const fromMs = sameStep ? (record.judged?.fromMs ?? null) : null;
  const read = outcome.kind === 'read';
  if (read && fromMs === null) {
    const { cursor } = outcome.reading;
    const shadows = sameStep ? record.shadows : startShadows(judgeOf, record);
    const judged = { attempt, fromMs: calledAtMs };
    return { record: { ...record, judge: state, judged, shadows, metricCursor: cursor }, verdict: null };
  }
  const input = {
    blocks: read ? outcome.reading.blocks : [],
    samples: read ? outcome.reading.samples : [],
    signals,
    providerError: read ? null : outcome.message,
    nowMs,
    bake: isBake(record),
  };
  const judged = judge.judge(plan, state, input);
  return {
    record: {
      ...record,
      judge: judged.state,
      judged: { attempt, fromMs },
      shadows: (sameStep ? record.shadows : startShadows(judgeOf, record)).map((shadow) =>
        judgeInShadow(judgeOf, plan, shadow, input),
      ),
      metricCursor: read ? outcome.reading.cursor : record.metricCursor,
      traffic: addTraffic(record.traffic, input.blocks),
      checks: judged.verdict.checks,
      evidence: judged.verdict.evidence ?? null,
    },
    verdict: judged.verdict,
  };
}

/** A reading while nothing is judged: what users ask of stable, for the forecast of the first step. Only tests reach the canary by then. */
export function measureTraffic(record: RolloutRecord, reading: MetricReading): RolloutRecord {
  const blocks = reading.blocks.map(({ atMs, durationMs, stable }) => ({
    atMs,
    durationMs,
    ...(stable !== undefined && { stable }),
  }));
  const traffic = addTraffic(record.traffic, blocks);
  return { ...record, traffic, metricCursor: reading.cursor };
}

/** All traffic is on the new revision for good, and nothing bounds how long that is watched. */
function isBake({ state }: RolloutRecord): boolean {
  return state.name === 'Baking' || state.name === 'Draining';
}

/** The judges that look on, at the beginning of a step. */
function startShadows(judgeOf: JudgeOf, { plan, shadows }: RolloutRecord): readonly ShadowRecord[] {
  const names = plan.judging.shadow ?? [];
  return names.map((name) => {
    const judge = judgeOf(name);
    const own = withJudge(plan.judging, name);
    const known = shadows.find((shadow) => shadow.judge === name);
    return known === undefined
      ? {
          judge: name,
          state: judge.start(own),
          kind: 'notEnoughData',
          logEvidence: null,
          failedAtMs: null,
          message: '',
        }
      : { ...known, state: judge.startStep(own, known.state) };
  });
}

function judgeInShadow(
  judgeOf: JudgeOf,
  plan: JudgePlan,
  shadow: ShadowRecord,
  input: JudgeInput,
): ShadowRecord {
  if (shadow.failedAtMs !== null) return shadow;
  const { state, verdict } = judgeOf(shadow.judge).judge(withJudge(plan, shadow.judge), shadow.state, input);
  const failed = verdict.kind === 'fail';
  return {
    judge: shadow.judge,
    state,
    kind: verdict.kind,
    logEvidence: verdict.evidence?.logEvidence ?? null,
    failedAtMs: failed ? (verdict.atMs ?? input.nowMs) : null,
    message: failed ? failureWords(verdict) : '',
  };
}

/** The verdict that a persisted judge's state stands for, without adding anything to it. */
export function verdictOfState(
  judge: Judge<JudgeState>,
  record: RolloutRecord,
  nowMs: number,
): Verdict | null {
  if (record.judge === null || record.judged?.attempt !== record.state.attempt) return null;
  const input = { blocks: [], samples: [], signals: [], providerError: null, nowMs, bake: isBake(record) };
  return judge.judge(record.plan.judging, record.judge, input).verdict;
}

/** Blocks are recorded under this name: they belong to every check that is judged on requests. */
const blockCheck = 'requests';

/** The reading as rows of the record. */
export function measurementsOf(record: RolloutRecord, reading: MetricReading): readonly Measurement[] {
  const rollout = record.identity.name;
  const rows: Measurement[] = [];
  for (const block of reading.blocks) {
    for (const arm of ['canary', 'stable'] as const) {
      const counts = block[arm];
      if (counts === undefined) continue;
      const latency = counts.latency === undefined ? null : counts.latency;
      rows.push({
        rollout,
        check: blockCheck,
        arm,
        atMs: block.atMs,
        durationMs: block.durationMs,
        requests: counts.requests,
        errors: counts.errors,
        latency: latency === null ? null : { bounds: latency.bounds, cumulative: latency.cumulative },
        value: null,
      });
    }
  }
  for (const sample of reading.samples) {
    rows.push({
      rollout,
      check: sample.check,
      arm: sample.arm ?? 'canary',
      atMs: sample.atMs,
      durationMs: 0,
      requests: 0,
      errors: 0,
      latency: null,
      value: sample.value,
    });
  }
  return rows;
}
