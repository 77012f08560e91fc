import type { BetState } from './bet-state.ts';
import type { BetTests, CheckGroup } from './bet-tests.ts';
import { latencyShareEvidence } from './latency-share-test.ts';
import { type Course, evidenceOfProcess } from './process.ts';

export interface GroupEvidence {
  /** ln of the group's evidence: half the absolute test, half the comparison, where it has both. */
  readonly log: number;
  /** The same without what a broken environment excuses. */
  readonly counted: number;
  readonly environment: boolean;
}

export interface Evidence {
  readonly log: number;
  readonly counted: number;
  readonly groups: readonly GroupEvidence[];
  /** Index of each group that alone is reason enough. */
  readonly blamed: ReadonlySet<number>;
}

/**
 * Everything in one figure: the average over groups, which is evidence under any dependence between them. An absolute test is
 * excused while stable breaks the same limit **now** (its own evidence is at √u) and the canary is not shown to be worse.
 */
export function combine(state: BetState, tests: BetTests, course: Course, logLevel: number): Evidence {
  const shares = {
    errors: state.errorShare === null ? 0 : logOf(evidenceOfProcess(state.errorShare.process, course)),
    latency: state.latencyShare === null ? 0 : logOf(latencyShareEvidence(state.latencyShare, course)),
  };
  const groups = tests.groups.map((group) => groupEvidence(group, state, shares, course, logLevel));
  return {
    log: averageLog(groups.map(({ log }) => log)),
    counted: averageLog(groups.map(({ counted }) => counted)),
    groups,
    blamed: blamedOf(
      groups.map(({ counted }) => counted),
      logLevel,
    ),
  };
}

function groupEvidence(
  { absolute, share }: CheckGroup,
  state: BetState,
  shares: Readonly<Record<'errors' | 'latency', number>>,
  course: Course,
  logLevel: number,
): GroupEvidence {
  const test = absolute === null ? undefined : state.absolute[absolute.key];
  const relative = share === null ? null : shares[share];
  if (test === undefined) {
    const log = relative ?? 0;
    return { log, counted: log, environment: false };
  }
  const own = logOf(evidenceOfProcess(test.canary, course));
  const stableBreaks = state.stableServes && logOf(evidenceOfProcess(test.stable, course)) >= logLevel / 2;
  const environment = stableBreaks && (relative ?? 0) < logLevel;
  if (relative === null) {
    return { log: own, counted: environment ? logOf(0) : own, environment };
  }
  return {
    log: averageLog([own, relative]),
    counted: environment ? relative - Math.LN2 : averageLog([own, relative]),
    environment,
  };
}

/** JSON has no −∞, and so little evidence is none. */
function logOf(evidence: number): number {
  return Math.log(Math.max(evidence, 1e-12));
}

/** ln of the mean of e^x. */
export function averageLog(logs: readonly number[]): number {
  if (logs.length === 0) return 0;
  let total = 0;
  for (const log of logs) total += Math.exp(log);
  return logOf(total / logs.length);
}

/**
 * Closed testing: a group is named if its average with every set of others is still at the level. The lowest such average is
 * reached by taking the others from the smallest up while they are below the average so far.
 */
export function blamedOf(logs: readonly number[], logLevel: number): ReadonlySet<number> {
  const blamed = new Set<number>();
  if (!logs.some((log) => log >= logLevel)) return blamed;
  const ascending = logs.map((log, index) => ({ log, index })).toSorted((a, b) => a.log - b.log);
  for (const [index, log] of logs.entries()) {
    let sum = Math.exp(log);
    let count = 1;
    for (const other of ascending) {
      if (other.index === index || Math.exp(other.log) >= sum / count) continue;
      sum += Math.exp(other.log);
      count += 1;
    }
    if (Math.log(sum / count) >= logLevel) blamed.add(index);
  }
  return blamed;
}
