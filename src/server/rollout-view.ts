import type { CheckVerdict, Verdict } from '../analysis/judge.ts';
import type { PlatformObservation, RolloutRecord, Snapshot } from '../engine/ports.ts';
import { guaranteeWords, rarityWords } from '../resource/judge-words.ts';
import type {
  CheckView,
  JudgeView,
  RevisionView,
  RolloutView,
  StepView,
  TrafficView,
} from '../resource/view.ts';
import type { StateName, TerminalName } from '../rollout/state.ts';

/** What is known of a run besides its record: only for the current one. */
export interface RolloutFacts {
  readonly nowMs: number;
  readonly phase: string;
  readonly observation: PlatformObservation | null;
  readonly verdict: Verdict | null;
  /** Finds the label of a revision that is still kept. */
  readonly labelOf: (revision: string) => string;
}

/** A run as the API says it. */
export function rolloutView(record: RolloutRecord, facts: RolloutFacts): RolloutView {
  const { state, plan, identity } = record;
  const outcome = outcomeOf(state.name);
  const judgedMs =
    facts.verdict !== null ? Math.max(state.heldMs, facts.verdict.judgedMs - state.excludedMs) : state.heldMs;
  const steps = stepViews(record, outcome, judgedMs, facts.verdict);
  return {
    name: identity.name,
    uid: identity.uid,
    revision: revisionView(record.snapshot),
    from:
      identity.stableRevision === null
        ? null
        : { revision: identity.stableRevision, label: facts.labelOf(identity.stableRevision) },
    attempt: record.attempt,
    strategy: plan.strategy,
    state: state.name,
    outcome,
    reason: state.reason,
    message: state.message,
    owner: state.owner,
    sinceMs: state.sinceMs,
    deadlineMs: state.deadlineMs,
    phase: facts.phase,
    step: state.step,
    steps,
    ...timesAhead(record, outcome, judgedMs, facts.nowMs),
    traffic: trafficView(record, facts.observation),
    checks: record.checks.map((check) => checkView(check, record)),
    judge: judgeView(record),
    failedChecks: { used: facts.verdict?.failedChecks ?? null, allowed: plan.judging.failureThreshold },
    skipped: state.skipped,
    createdBy: record.createdBy,
    decidedBy: state.decidedBy,
    startedAtMs: state.startedAtMs,
    endedAtMs: state.endedAtMs,
    onsetAtMs: state.onsetAtMs,
    detectedAtMs: state.detectedAtMs,
    decidedAtMs: state.decidedAtMs,
    restoredAtMs: state.restoredAtMs,
    weightsInForce: state.weightsInForce,
  };
}

export function revisionView(snapshot: Snapshot): RevisionView {
  return { revision: snapshot.revision, label: snapshot.label };
}

/** What a run asks the data plane for, and what is known to hold there. */
export function trafficView(record: RolloutRecord, observation: PlatformObservation | null): TrafficView {
  const route = observation?.route ?? null;
  return {
    set: record.state.route.routing,
    actual: route?.routing ?? null,
    inForce: route?.inForce ?? false,
    inForceSinceMs: record.state.inForceSinceMs,
    evidence: route?.evidence ?? null,
    tombstone: record.state.route.tombstone,
  };
}

const terminal: ReadonlySet<string> = new Set<TerminalName>([
  'Promoted',
  'RolledBack',
  'Aborted',
  'Failed',
  'Superseded',
]);

function outcomeOf(name: StateName): TerminalName | null {
  return isTerminal(name) ? name : null;
}

function isTerminal(name: StateName): name is TerminalName {
  return terminal.has(name);
}

function stepViews(
  record: RolloutRecord,
  outcome: TerminalName | null,
  judgedMs: number,
  verdict: Verdict | null,
): readonly StepView[] {
  const { state, plan } = record;
  return plan.steps.map((step, index) => {
    const done = index < state.step || outcome === 'Promoted';
    const current = !done && index === state.step;
    return {
      index,
      routing: step.routing,
      holdMs: step.holdMs,
      heldMs: done ? step.holdMs : current ? Math.min(judgedMs, step.holdMs) : 0,
      approval: step.approval,
      minRequests: step.minRequests,
      forecastRequests: current ? state.forecastRequests : 0,
      requests: current ? (verdict?.requestsInStep ?? null) : null,
      status: done ? 'done' : current ? 'current' : outcome === null ? 'next' : 'notReached',
    };
  });
}

/** Earliest instants, by the clock alone: gates, missing data and slow workloads come on top. */
function timesAhead(
  record: RolloutRecord,
  outcome: TerminalName | null,
  judgedMs: number,
  nowMs: number,
): { readonly nextAtMs: number | null; readonly endsAtMs: number | null } {
  const { state, plan } = record;
  const forward = outcome === null && state.owner !== 'person' && state.decidedAtMs === null;
  if (!forward) return { nextAtMs: null, endsAtMs: null };
  const current = plan.steps[state.step];
  const leftMs = current === undefined ? 0 : Math.max(0, current.holdMs - judgedMs);
  const laterMs = plan.steps.slice(Math.max(0, state.step + 1)).reduce((sum, step) => sum + step.holdMs, 0);
  const holding = state.name === 'Holding' && state.inForceSinceMs !== null;
  return {
    nextAtMs: holding && current !== undefined ? nowMs + leftMs : null,
    endsAtMs: plan.steps.slice(state.step + 1).some((step) => step.approval)
      ? null
      : nowMs + leftMs + laterMs + plan.bakeMs,
  };
}

function checkView(check: CheckVerdict, record: RolloutRecord): CheckView {
  const plan = record.plan.judging.checks.find((each) => each.name === check.name);
  return {
    name: check.name,
    verdict: check.kind,
    value: check.value,
    stableValue: check.stableValue,
    limit: check.limit,
    shownUnit: plan?.shownUnit ?? '',
    shownScale: plan?.shownScale ?? 1,
    requests: check.requests,
    errors: check.errors,
    interval: check.interval,
    logEvidence: check.logEvidence,
    evidence: check.evidence ?? null,
    message: check.message,
    warning: check.warning ?? null,
  };
}

function judgeView({ plan, evidence, shadows }: RolloutRecord): JudgeView {
  return {
    name: plan.judging.judge,
    evidence,
    sentence: evidence === null ? null : rarityWords(evidence),
    guarantee: guaranteeWords(plan.judging),
    shadows: shadows.map(({ judge, kind, logEvidence, failedAtMs, message }) => ({
      name: judge,
      verdict: kind,
      logEvidence,
      failedAtMs,
      message,
    })),
  };
}
