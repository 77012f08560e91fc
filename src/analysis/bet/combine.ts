import { binomialAtLeast } from '../special/incomplete-beta.ts';
import type { AbsoluteState } from './absolute-test.ts';
import type { BetState } from './bet-state.ts';
import type { BetTests, CheckGroup } from './bet-tests.ts';
import { latencyShareEvidence } from './latency-share-test.ts';
import { countPlacebos, placebosExcuse } from './placebos.ts';
import { type Course, evidenceOfProcess, sinceOf } from './process.ts';

export interface GroupEvidence {
  /** ln of the group's evidence: half the absolute test, half the comparison, where it has both. */
  readonly log: number;
  /** The same without what a broken environment or stable pods that differ excuse. */
  readonly counted: number;
  readonly environment: boolean;
  /** The limit is broken, and stable may be hit by the same: not yet shown to be the canary alone. */
  readonly shared: boolean;
  /** Stable pods differ from each other as much: the comparison does not count. */
  readonly placebo: boolean;
}

export interface Evidence {
  readonly log: number;
  readonly counted: number;
  readonly groups: readonly GroupEvidence[];
  /** Index of each group that alone is reason enough. */
  readonly blamed: ReadonlySet<number>;
  readonly placebos: { readonly pods: number; readonly above: number } | null;
}

/**
 * Everything in one figure: the average over groups, which is evidence under any dependence between them. An absolute test is
 * excused while stable breaks the same limit **now** (its own evidence is at √u) and the canary is not shown to be worse, and while
 * what was counted since the onset does not set the two arms apart; a comparison
 * of errors is excused while stable pods differ from each other as much. What is excused is only taken away, so the bound stays.
 */
export function combine(state: BetState, tests: BetTests, course: Course, logLevel: number): Evidence {
  const shares = {
    errors: state.errorShare === null ? 0 : logOf(evidenceOfProcess(state.errorShare.process, course)),
    latency: state.latencyShare === null ? 0 : logOf(latencyShareEvidence(state.latencyShare, course)),
  };
  const placebos = countPlacebos(state.placebos, course, logLevel);
  const excused = placebosExcuse(placebos);
  const groups = tests.groups.map((group) =>
    groupEvidence(group, state, shares, excused && group.share === 'errors', course, logLevel),
  );
  return {
    log: averageLog(groups.map(({ log }) => log)),
    counted: averageLog(groups.map(({ counted }) => counted)),
    groups,
    blamed: blamedOf(
      groups.map(({ counted }) => counted),
      logLevel,
    ),
    placebos,
  };
}

function groupEvidence(
  { absolute, share }: CheckGroup,
  state: BetState,
  shares: Readonly<Record<'errors' | 'latency', number>>,
  placebo: boolean,
  course: Course,
  logLevel: number,
): GroupEvidence {
  const test = absolute === null ? undefined : state.absolute[absolute.key];
  const relative = share === null ? null : shares[share];
  if (test === undefined) {
    const log = relative ?? 0;
    return { log, counted: placebo ? nothing : log, environment: false, shared: false, placebo };
  }
  const own = logOf(evidenceOfProcess(test.canary, course));
  const stableBreaks = state.stableServes && logOf(evidenceOfProcess(test.stable, course)) >= logLevel / 2;
  const environment = stableBreaks && (relative ?? 0) < logLevel;
  if (relative === null || absolute === null)
    return { log: own, counted: environment ? nothing : own, environment, shared: false, placebo };
  const chance = Math.exp(-logLevel) / 5;
  const shared = state.stableServes && absolute.limit > 0 && own >= logLevel / 2 && mayBeShared(test, chance);
  const excused = environment || shared;
  return {
    log: averageLog([own, relative]),
    counted: averageLog([excused ? nothing : own, placebo ? nothing : relative]),
    environment,
    shared,
    placebo,
  };
}

/** Bad requests of stable that its traffic must let expect, if it were as bad as the canary, before their absence says anything. */
const leastExpected = 2;

/**
 * Counted since its likeliest onset, is the canary not clearly worse than stable? Both may then be hit by the same thing, which at equal
 * weights takes the canary over the level as often as stable: the limit alone takes nothing back. `chance`: of such a difference
 * or a larger one, if the arms are alike.
 */
function mayBeShared({ onset }: AbsoluteState, chance: number): boolean {
  if (onset === null) return false;
  const [requests, bad, stableRequests, stableBad] = sinceOf(onset);
  if (bad === 0 || (bad / requests) * stableRequests < leastExpected) return false;
  return binomialAtLeast(bad, bad + stableBad, requests / (requests + stableRequests)) > chance;
}

/** JSON has no −∞, and so little evidence is none. */
const nothing = Math.log(1e-12);

function logOf(evidence: number): number {
  return Math.max(nothing, Math.log(evidence));
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
