import type { BetSettings, CheckPlan, JudgePlan } from '../judge.ts';
import { countedMeasure } from '../measure.ts';

/** Which requests of an arm count as bad. */
export type BadCount =
  | { readonly kind: 'errors' }
  | { readonly kind: 'successes' }
  | { readonly kind: 'slower'; readonly seconds: number }
  | { readonly kind: 'faster'; readonly seconds: number };

/** "At most `limit` (0 to 1) of the requests are bad": one process of evidence against it. */
export interface AbsoluteTest {
  readonly key: string;
  readonly bad: BadCount;
  readonly limit: number;
}

/** Checks that are one and the same question, and how their evidence is made up. */
export interface CheckGroup {
  readonly checks: readonly CheckPlan[];
  /** null: no limit that could be broken. */
  readonly absolute: AbsoluteTest | null;
  /** Which comparison with stable belongs to it. */
  readonly share: 'errors' | 'latency' | null;
}

/** The statistical part of a plan; `sample` checks and gauges are not in it. */
export interface BetTests {
  readonly groups: readonly CheckGroup[];
  readonly comparesErrors: boolean;
  readonly comparesLatency: boolean;
  readonly measuresLatency: boolean;
}

/** Worked out once for each plan, which never changes during a run. */
const known = new WeakMap<readonly CheckPlan[], BetTests>();

export function betTestsOf(checks: readonly CheckPlan[]): BetTests {
  const tests = known.get(checks) ?? findTests(checks);
  known.set(checks, tests);
  return tests;
}

/** An error rate of at most 0.1 % and a success rate of at least 99.9 % are one group: they are one test. */
function findTests(checks: readonly CheckPlan[]): BetTests {
  const groups = new Map<
    string,
    { checks: CheckPlan[]; absolute: AbsoluteTest | null; share: CheckGroup['share'] }
  >();
  for (const check of checks) {
    const measure = countedMeasure(check.measure);
    if (measure === null) continue;
    const compared =
      check.compare === false ? null : measure.kind === 'latencyQuantile' ? 'latency' : 'errors';
    const absolutes = absoluteTestsOf(check);
    for (const absolute of absolutes.length === 0 ? [null] : absolutes) {
      const key = `${absolute?.key ?? 'none'} ${compared ?? 'alone'}`;
      const group = groups.get(key);
      if (group !== undefined) group.checks.push(check);
      else if (absolute !== null || compared !== null)
        groups.set(key, { checks: [check], absolute, share: compared });
    }
  }
  const all = [...groups.values()];
  return {
    groups: all,
    comparesErrors: all.some(({ share }) => share === 'errors'),
    comparesLatency: all.some(({ share }) => share === 'latency'),
    measuresLatency: checks.some(({ measure }) => measure.kind === 'latencyQuantile'),
  };
}

/** A quantile limit is a share: p95 of at most 2 s says that at most 5 % take longer than 2 s. */
function absoluteTestsOf({ measure, limit: { min, max } }: CheckPlan): readonly AbsoluteTest[] {
  switch (measure.kind) {
    case 'errorShare':
      return [
        ...(max === undefined ? [] : test({ kind: 'errors' }, max / 100)),
        ...(min === undefined ? [] : test({ kind: 'successes' }, 1 - min / 100)),
      ];
    case 'successShare':
      return [
        ...(min === undefined ? [] : test({ kind: 'errors' }, 1 - min / 100)),
        ...(max === undefined ? [] : test({ kind: 'successes' }, max / 100)),
      ];
    case 'latencyQuantile':
      return [
        ...(max === undefined ? [] : test({ kind: 'slower', seconds: max }, 1 - measure.quantile)),
        ...(min === undefined ? [] : test({ kind: 'faster', seconds: min }, measure.quantile)),
      ];
    case 'sample':
    case 'gauge':
      return [];
  }
}

/** Nothing can break a limit of all requests. */
function test(bad: BadCount, share: number): readonly AbsoluteTest[] {
  const limit = Number(share.toPrecision(9));
  if (!(limit < 1)) return [];
  const seconds = 'seconds' in bad ? ` ${bad.seconds}` : '';
  return [{ key: `${bad.kind}${seconds} ${limit}`, bad, limit }];
}

/** Settings with their defaults, and ln u. */
export interface BetConstants {
  readonly logLevel: number;
  readonly margin: number;
  readonly latencyMargin: number;
  readonly slowdown: number;
  readonly plannedBlocks: number;
  readonly plannedRequests: number;
  readonly bakeRunLength: number;
  readonly falseRollback: number;
  readonly dispersion: number;
}

export function constantsOf(plan: JudgePlan): BetConstants {
  const settings: BetSettings = plan.bet ?? {};
  const falseRollback = settings.falseRollback ?? 0.01;
  return {
    falseRollback,
    logLevel: Math.log(Math.max(settings.level ?? 0, 1 / falseRollback)),
    margin: settings.margin ?? 1.5,
    latencyMargin: settings.latencyMargin ?? 1.25,
    slowdown: settings.slowdown ?? 1,
    plannedBlocks: settings.plannedBlocks ?? 360,
    plannedRequests: settings.plannedRequests ?? 20,
    bakeRunLength: settings.bakeRunLength ?? 1_000_000,
    dispersion: Math.max(1, settings.dispersion ?? 1),
  };
}
