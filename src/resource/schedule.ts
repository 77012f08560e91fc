import type { Plan, Routing, Step } from '../rollout/plan.ts';

export interface ScheduleOptions {
  /** Of the whole service; null: not known, and nothing is said of requests. */
  readonly requestsPerSecond: number | null;
  /** From the start of a replica to its first ready; what a roll takes depends on it. */
  readonly startMs: number;
}

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
  /** Smallest error share of the canary, in percent, that one window of its strictest share check finds in 9 of 10 cases. */
  readonly detectablePercent: number | null;
}

export interface Schedule {
  readonly rows: readonly ScheduleRow[];
  /** Earliest end; approvals, gates and inconclusive checks can make it any longer. */
  readonly totalMs: number;
  readonly rollback: {
    /** From the first failing evaluation to the decision, at most. */
    readonly detectionMs: number;
    /** From the decision until no user reaches the new version. */
    readonly restoreMs: number;
    /** From then until the last request of the canary is finished, at most. */
    readonly drainMs: number;
  };
  /** A bound on wrong rollbacks; null: the judge gives none. */
  readonly falseRollbackPercent: number | null;
}

/** A weight written is a weight in force within this on one machine (platform.md 7.3, with a margin). */
const routeMs = 100;

/** What will happen, when, and what it can see: computed from the plan alone. */
export function estimatePlan(plan: Plan, options: Partial<ScheduleOptions> = {}): Schedule {
  const { requestsPerSecond = null, startMs = 0 } = options;
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
    falseRollbackPercent: null,
  };
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
  const row: Omit<ScheduleRow, 'startsAtMs' | 'endsAtMs'> = {
    kind: 'step',
    step: index,
    routing: step.routing,
    sharePercent,
    waitsForApproval: step.approval || hasGate(plan, 'confirm-traffic-increase'),
    canaryRequests: canaryPerSecond === null ? null : Math.round((canaryPerSecond * lengthMs) / 1000),
    stretched: lengthMs > writtenMs,
    detectablePercent: canaryPerSecond === null ? null : detectablePercent(plan, canaryPerSecond, lengthMs),
  };
  return { row, lengthMs };
}

/**
 * Smallest error share that the strictest share check finds with a power of 90 % in one window of n requests: the limit plus 1.28
 * standard errors (normal approximation of the binomial), and at least ln 10 / n, below which no request fails at all in 1 of 10 cases.
 */
function detectablePercent(plan: Plan, canaryPerSecond: number, lengthMs: number): number | null {
  const found = plan.judging.checks.flatMap(({ measure, limit, windowMs }) => {
    const most =
      measure.kind === 'errorShare'
        ? limit.max
        : measure.kind === 'successShare' && limit.min !== undefined
          ? 100 - limit.min
          : undefined;
    const requests = (canaryPerSecond * Math.min(windowMs, lengthMs)) / 1000;
    if (most === undefined || requests <= 0) return [];
    const share = Math.max(0, most / 100);
    const detectable = Math.max(
      share + 1.2816 * Math.sqrt((share * (1 - share)) / requests),
      Math.LN10 / requests,
    );
    return [Math.min(100, detectable * 100)];
  });
  return found.length === 0 ? null : Math.min(...found);
}

function detectionMs({ judging }: Plan): number {
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
