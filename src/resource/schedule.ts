import { betTestsOf } from '../analysis/bet/bet-tests.ts';
import type { JudgePlan } from '../analysis/judge.ts';
import { weighsEvidence } from '../analysis/weighs-evidence.ts';
import type { Plan, Routing, Step } from '../rollout/plan.ts';
import { type RollbackForecast, rollbackForecasts } from './rollback-forecast.ts';
import { smallestErrorPercent, type StepFinding, stepFindings } from './step-power.ts';
import { type ThresholdAlarm, thresholdAlarms } from './threshold-alarms.ts';

export interface ScheduleOptions {
  /** Of the whole service; null: not known, and nothing is said of requests. */
  readonly requestsPerSecond: number | null;
  /** From the start of a replica to its first ready; what a roll takes depends on it. */
  readonly startMs: number;
  /** Time between two blocks of the source of measurements: 1 s on one machine. */
  readonly blockMs: number;
}

/** What else than time and approval a step waits for. */
export type PowerGate =
  | { readonly kind: 'none' }
  /** So many canary requests, as written or as `minEffect` needs. */
  | { readonly kind: 'requests'; readonly requests: number }
  /** About the requests that are forecast for it: it is held only if traffic falls below that. */
  | { readonly kind: 'forecast'; readonly requests: number | null };

/** One line of a plan before it runs. Offsets are from the start of the rollout, the earliest possible. */
export interface ScheduleRow {
  readonly kind: 'start' | 'step' | 'promotion' | 'bake' | 'drain';
  /** Index into `plan.steps`; null for the other kinds. */
  readonly step: number | null;
  readonly routing: Routing | null;
  /** Share of users' requests that reach the canary, in percent; null where it depends on who matches. */
  readonly sharePercent: number | null;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  /** A person or a gate may make it longer. */
  readonly waitsForApproval: boolean;
  /** Canary requests within it; null where traffic or share are not known. */
  readonly canaryRequests: number | null;
  /** True: it lasts longer than written, until `minRequests` are there. */
  readonly stretched: boolean;
  /** Smallest error share of the canary, in percent, that its strictest check of errors finds in 9 of 10 cases. */
  readonly detectablePercent: number | null;
  /** The same for each limit on requests. */
  readonly finds: readonly StepFinding[];
  readonly gate: PowerGate;
}

export interface Schedule {
  readonly rows: readonly ScheduleRow[];
  /** Earliest end; approvals, gates and inconclusive checks can make it any longer. */
  readonly totalMs: number;
  readonly rollback: {
    /** From the first failing evaluation to the decision, at most; null: decided by evidence, not by the clock. */
    readonly detectionMs: number | null;
    /** From the decision until no user reaches the new version. */
    readonly restoreMs: number;
    /** From then until the last request of the canary is finished, at most. */
    readonly drainMs: number;
  };
  /** A bound on wrong rollbacks by statistical checks; null: the judge gives none. */
  readonly falseRollbackPercent: number | null;
  readonly judge: JudgePlan['judge'];
  /** What the arithmetic is for; null: not known. */
  readonly requestsPerSecond: number | null;
  readonly guarantee: {
    /** Checks that the bound holds for. */
    readonly checks: readonly string[];
    /** Checks that are numbers without counts behind them, judged without it. */
    readonly without: readonly string[];
  };
  /** What a bad canary costs at the traffic of the first step. */
  readonly forecasts: readonly RollbackForecast[];
  /** What `threshold` would do to a healthy release with the same checks, interval and threshold, whichever judge decides. */
  readonly thresholdAlarms: readonly ThresholdAlarm[];
}

/** A weight written is a weight in force within this on one machine (platform.md 7.3, with a margin). */
const routeMs = 100;

/** What will happen, when, and what it can see: computed from the plan alone. */
export function estimatePlan(plan: Plan, options: Partial<ScheduleOptions> = {}): Schedule {
  const { requestsPerSecond = null, startMs = 0, blockMs = 1000 } = options;
  const readyMs = startMs + plan.roll.minReadySeconds * 1000;
  const rows: ScheduleRow[] = [];
  const add = (row: Partial<ScheduleRow> & Pick<ScheduleRow, 'kind'>, lengthMs: number): void => {
    const startsAtMs = rows.at(-1)?.endsAtMs ?? 0;
    rows.push({ ...emptyRow, ...row, startsAtMs, endsAtMs: startsAtMs + lengthMs });
  };
  const steps = plan.skipAnalysis ? [] : plan.steps;
  const twoArms = plan.strategy !== 'Rolling' && plan.strategy !== 'Recreate';
  if (twoArms) add({ kind: 'start' }, readyMs);
  for (const [index, step] of steps.entries()) {
    const { row, lengthMs } = stepRow(plan, step, index, requestsPerSecond);
    add(row, lengthMs);
  }
  const rollMs = roundsOf(plan) * readyMs;
  const approval = { waitsForApproval: plan.approvalBeforePromotion || hasGate(plan, 'confirm-promotion') };
  if (!twoArms) {
    add({ kind: 'promotion', ...approval }, rollMs);
    if (plan.bakeMs > 0) add({ kind: 'bake', sharePercent: 100 }, plan.bakeMs);
  } else if (plan.promotion === 'bake') {
    add({ kind: 'promotion', sharePercent: 100, ...approval }, readyMs);
    add(
      { kind: 'bake', sharePercent: 100, canaryRequests: requestsIn(plan.bakeMs, 100, requestsPerSecond) },
      plan.bakeMs,
    );
    add({ kind: 'drain' }, rollMs);
  } else {
    add({ kind: 'promotion', sharePercent: lastShare(steps), ...approval }, rollMs);
  }
  return {
    rows,
    totalMs: rows.at(-1)?.endsAtMs ?? 0,
    rollback: {
      detectionMs: detectionMs(plan),
      restoreMs: twoArms ? routeMs : rollMs,
      drainMs: twoArms ? plan.drainMs : 0,
    },
    ...guaranteeOf(plan.judging),
    judge: plan.judging.judge,
    requestsPerSecond,
    forecasts: rollbackForecasts(plan.judging, firstTraffic(plan, rows, requestsPerSecond, blockMs)),
    thresholdAlarms: thresholdAlarms(plan.judging, stretchesOf(rows, requestsPerSecond)),
  };
}

function guaranteeOf(judging: JudgePlan): Pick<Schedule, 'falseRollbackPercent' | 'guarantee'> {
  const { judge, bet, checks } = judging;
  const counted = new Set(betTestsOf(checks).groups.flatMap((group) => group.checks));
  const bounded = weighsEvidence(judge) && counted.size > 0;
  const names = (wanted: boolean): readonly string[] =>
    checks.filter((check) => (bounded && counted.has(check)) === wanted).map(({ name }) => name);
  return {
    falseRollbackPercent: bounded ? Number(((bet?.falseRollback ?? 0.01) * 100).toPrecision(12)) : null,
    guarantee: { checks: names(true), without: names(false) },
  };
}

/** The first step in which users' requests reach the canary; without steps, the whole service. */
function firstTraffic(
  plan: Plan,
  rows: readonly ScheduleRow[],
  perSecond: number | null,
  blockMs: number,
): { readonly canaryPerSecond: number | null; readonly lengthMs: number; readonly blockMs: number } {
  const first = rows.find(({ routing, sharePercent }) => routing?.kind === 'weight' && sharePercent !== 0);
  const share = first?.sharePercent ?? null;
  return {
    canaryPerSecond: perSecond === null || share === null ? null : (perSecond * share) / 100,
    lengthMs: first === undefined ? plan.bakeMs : first.endsAtMs - first.startsAtMs,
    blockMs,
  };
}

/** Where the canary is judged on a known number of requests. */
function stretchesOf(
  rows: readonly ScheduleRow[],
  perSecond: number | null,
): readonly { readonly canaryPerSecond: number; readonly lengthMs: number }[] {
  if (perSecond === null) return [];
  return rows.flatMap(({ kind, sharePercent, startsAtMs, endsAtMs }) => {
    const lengthMs = endsAtMs - startsAtMs;
    if ((kind !== 'step' && kind !== 'bake') || sharePercent === null || lengthMs <= 0) return [];
    return [{ canaryPerSecond: (perSecond * sharePercent) / 100, lengthMs }];
  });
}

const emptyRow: Omit<ScheduleRow, 'kind'> = {
  step: null,
  routing: null,
  sharePercent: null,
  startsAtMs: 0,
  endsAtMs: 0,
  waitsForApproval: false,
  canaryRequests: null,
  stretched: false,
  detectablePercent: null,
  finds: [],
  gate: { kind: 'none' },
};

function stepRow(
  plan: Plan,
  step: Step,
  index: number,
  perSecond: number | null,
): { readonly row: Omit<ScheduleRow, 'startsAtMs' | 'endsAtMs'>; readonly lengthMs: number } {
  const sharePercent = shareOf(step.routing);
  const canaryPerSecond =
    perSecond === null || sharePercent === null ? null : (perSecond * sharePercent) / 100;
  const neededMs =
    canaryPerSecond === null || canaryPerSecond === 0
      ? 0
      : Math.ceil((step.minRequests / canaryPerSecond) * 1000);
  const passesMs = Math.max(0, step.minPasses) * plan.judging.intervalMs;
  const writtenMs = Math.max(step.holdMs, plan.judging.checks.length > 0 ? passesMs : 0);
  const lengthMs = Math.max(writtenMs, neededMs);
  const finds = canaryPerSecond === null ? [] : stepFindings(plan.judging, canaryPerSecond, lengthMs);
  const canaryRequests = canaryPerSecond === null ? null : Math.round((canaryPerSecond * lengthMs) / 1000);
  const row: Omit<ScheduleRow, 'startsAtMs' | 'endsAtMs'> = {
    kind: 'step',
    step: index,
    routing: step.routing,
    sharePercent,
    waitsForApproval: step.approval || hasGate(plan, 'confirm-traffic-increase'),
    canaryRequests,
    stretched: lengthMs > writtenMs,
    detectablePercent: smallestErrorPercent(finds),
    finds,
    gate: gateOf(plan, step, canaryRequests),
  };
  return { row, lengthMs };
}

function gateOf({ judging }: Plan, step: Step, canaryRequests: number | null): PowerGate {
  if (step.minRequests > 0) return { kind: 'requests', requests: step.minRequests };
  const sequential = weighsEvidence(judging.judge);
  return sequential && judging.checks.length > 0
    ? { kind: 'forecast', requests: canaryRequests }
    : { kind: 'none' };
}

function detectionMs({ judging }: Plan): number | null {
  if (judging.judge !== 'threshold') return null;
  const longestWindowMs = Math.max(
    0,
    ...judging.checks.map((check) => Math.min(check.windowMs, judging.intervalMs)),
  );
  const evaluations = judging.failureThreshold + (judging.failAt === 'nextTick' ? 1 : 0);
  return judging.checks.length === 0 ? 0 : longestWindowMs + (evaluations - 1) * judging.intervalMs;
}

function roundsOf({ roll, replicas }: Plan): number {
  return roll.kind === 'recreate'
    ? 1
    : Math.ceil(replicas / Math.max(1, roll.maxSurge + roll.maxUnavailable));
}

function shareOf(routing: Routing): number | null {
  if (routing.kind === 'weight') return routing.weightPercent;
  if (routing.kind === 'mirror') return routing.percent;
  return routing.kind === 'none' ? 0 : null;
}

function lastShare(steps: readonly Step[]): number | null {
  const last = steps.at(-1);
  return last === undefined ? 0 : shareOf(last.routing);
}

function requestsIn(lengthMs: number, sharePercent: number, perSecond: number | null): number | null {
  return perSecond === null ? null : Math.round((perSecond * sharePercent * lengthMs) / 100_000);
}

function hasGate(plan: Plan, type: 'confirm-promotion' | 'confirm-traffic-increase'): boolean {
  return !plan.skipAnalysis && plan.hooks.some((hook) => hook.type === type);
}
