import type { Judge, JudgeState, Verdict } from '../analysis/judge.ts';
import type { Signal } from '../analysis/block.ts';
import type { Measurement, MetricReading, RolloutRecord } from './ports.ts';

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
 * Feeds one reading, begun at `calledAtMs`, to the judge. The first reading of a step (or after the route was out of force)
 * sets the cursor and counts nothing: what it brings was served in part under another route. A verdict of null: nothing new.
 */
export function judgeReading(
  judge: Judge<JudgeState>,
  record: RolloutRecord,
  outcome: ReadingOutcome,
  signals: readonly Signal[],
  calledAtMs: number,
  nowMs: number,
): { readonly record: RolloutRecord; readonly verdict: Verdict | null } {
  const plan = record.plan.judging;
  const { attempt } = record.state;
  const sameStep = record.judged?.attempt === attempt;
  const before = record.judge ?? judge.start(plan);
  const state = sameStep ? before : judge.startStep(plan, before);
  const fromMs = sameStep ? (record.judged?.fromMs ?? null) : null;
  const read = outcome.kind === 'read';
  if (read && fromMs === null) {
    const { cursor } = outcome.reading;
    const begun = { ...record, judge: state, judged: { attempt, fromMs: calledAtMs }, metricCursor: cursor };
    return { record: begun, verdict: null };
  }
  const judged = judge.judge(plan, state, {
    blocks: read ? outcome.reading.blocks : [],
    samples: read ? outcome.reading.samples : [],
    signals,
    providerError: read ? null : outcome.message,
    nowMs,
  });
  return {
    record: {
      ...record,
      judge: judged.state,
      judged: { attempt, fromMs },
      metricCursor: read ? outcome.reading.cursor : record.metricCursor,
      checks: judged.verdict.checks,
    },
    verdict: judged.verdict,
  };
}

/** The verdict that a persisted judge's state stands for, without adding anything to it. */
export function verdictOfState(
  judge: Judge<JudgeState>,
  record: RolloutRecord,
  nowMs: number,
): Verdict | null {
  if (record.judge === null || record.judged?.attempt !== record.state.attempt) return null;
  const input = { blocks: [], samples: [], signals: [], providerError: null, nowMs };
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
      arm: 'canary',
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
