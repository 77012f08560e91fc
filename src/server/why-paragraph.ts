import { formatDuration } from '../lib/duration.ts';
import type { JudgeName, VerdictEvidence } from '../analysis/judge.ts';
import type { RolloutView, ServiceView } from '../resource/view.ts';
import type { Routing } from '../rollout/plan.ts';
import type { Owner, StateName } from '../rollout/state.ts';

/**
 * One paragraph that answers six questions: what it is doing, since when, what it waits for, who owns that, until when,
 * and what happens then. Times are spans, since the reader's zone is not known here.
 */
export function whyParagraph(service: ServiceView, nowMs: number): string {
  const { rollout } = service;
  const sentences =
    rollout === null
      ? idle(service)
      : rollout.outcome === null
        ? running(service, rollout, nowMs)
        : ended(service, rollout, nowMs);
  if (service.problem !== null) sentences.push(`Beside that: ${service.problem}.`);
  return sentences.join(' ');
}

function idle(service: ServiceView): string[] {
  return [`${service.key} wants ${service.wanted.label} and has no rollout yet${brake(service)}.`];
}

function running(service: ServiceView, rollout: RolloutView, nowMs: number): string[] {
  return [
    `${service.key} ${doing(rollout)}, for ${ago(rollout.sinceMs, nowMs)} now.`,
    `${rollout.reason}: ${closed(rollout.message)}`,
    ...judgement(rollout),
    owners[rollout.owner](service.key, rollout),
    `${until(rollout, nowMs)} ${then(rollout)}`,
    ...(service.suspended ? ['It is suspended: nothing moves until that is taken away.'] : []),
  ];
}

function ended(service: ServiceView, rollout: RolloutView, nowMs: number): string[] {
  const whom = rollout.decidedBy ?? rollout.createdBy;
  const serves =
    service.promoted === null ? 'Nothing serves as stable' : `${service.promoted.label} serves all users`;
  const sentences = [
    `The last rollout of ${service.key}, ${rollout.revision.label}, ended as ${rollout.outcome} ${ago(rollout.endedAtMs ?? rollout.sinceMs, nowMs)} ago.`,
    `${rollout.reason}: ${closed(rollout.message)}`,
  ];
  if (rollout.outcome === 'RolledBack') sentences.push(...guarantee(rollout));
  if (rollout.outcome !== 'Promoted')
    sentences.push(`It was decided by ${whom.kind === 'controller' ? 'the controller' : whom.name}.`);
  sentences.push(`${serves} and nothing is waited for${brake(service)}.`);
  if (rollout.outcome === 'Promoted')
    sentences.push('The next change of what it runs starts the next rollout.');
  else
    sentences.push(
      `The same revision runs again only by "sluice retry ${service.key}"; any other starts a new rollout.`,
    );
  return sentences;
}

/** How sure the judge is, of what it saw, and what those that look on say. */
function judgement(rollout: RolloutView): string[] {
  const { judge, checks } = rollout;
  const { evidence } = judge;
  const sentences: string[] = [];
  if (evidence !== null) {
    const against = checks.filter(({ verdict }) => verdict === 'suspect' || verdict === 'fail');
    if (against.length > 0) sentences.push(weight(judge.name, evidence));
    sentences.push(...against.map(({ name, message }) => closed(`${name}: ${message}`)));
    if (judge.sentence !== null && against.length !== 1) sentences.push(closed(capital(judge.sentence)));
    if (against.length === 0) sentences.push(...seenSoFar(rollout));
  }
  for (const { name, warning } of checks)
    if (warning !== null) sentences.push(closed(`Beside that, ${name}: ${warning}`));
  for (const { name, failedAtMs, message } of judge.shadows)
    if (failedAtMs !== null)
      sentences.push(`${name}, which only looks on, would have gone back: ${closed(message)}`);
  return sentences;
}

/** Evidence beside the two levels that matter. */
function weight(name: JudgeName, { logEvidence, logLevel, logSuspect }: VerdictEvidence): string {
  const [now, hold, back] = [logEvidence, logSuspect, logLevel].map((log) => shortFactor(Math.exp(log)));
  return `${name} has evidence of ${now} against it: it holds from ${hold} on and goes back at ${back}.`;
}

function shortFactor(factor: number): string {
  return factor < 1e6 ? String(Number(factor.toPrecision(2))) : 'over a million';
}

/** What the absence of evidence is worth by now. */
function seenSoFar({ checks }: RolloutView): string[] {
  return checks.flatMap(({ name, evidence }) => {
    const share = evidence?.smallestSeen ?? null;
    if (evidence === null || share === null) return [];
    const percent = `${Number((share * 100).toPrecision(2))} %`;
    return [
      `${name} says nothing against it after ${evidence.canary.requests} requests: if ${percent} of them were bad, that would have been found by now in 9 of 10 cases.`,
    ];
  });
}

/** Only where it was evidence that decided. */
function guarantee({ reason, judge }: RolloutView): string[] {
  if (reason !== 'check-failed' || judge.evidence === null) return [];
  return [...(judge.sentence === null ? [] : [closed(capital(judge.sentence))]), judge.guarantee];
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

function doing(rollout: RolloutView): string {
  const label = rollout.revision.label;
  const share = routingWords(rollout.traffic.set);
  const place =
    rollout.step >= 0 && rollout.step < rollout.steps.length
      ? `, step ${rollout.step + 1} of ${rollout.steps.length}`
      : '';
  const words: Readonly<Partial<Record<StateName, string>>> = {
    Pending: `has ${label} waiting to start`,
    Starting:
      rollout.from === null
        ? `starts ${label}, its first revision`
        : `starts ${label} beside stable; no user reaches it yet`,
    Stepping: `moves ${share} to ${label}${place}`,
    Holding: `sends ${share} to ${label} and judges it${place}`,
    AwaitingApproval: `waits for an approval of ${label} with ${share} on it${place}`,
    Paused: `is paused with ${share} on ${label}${place}`,
    Promoting: `promotes ${label}`,
    Baking: `bakes ${label} with ${share} on it, the old version kept warm`,
    Draining: `has promoted ${label} and finishes what the canary still serves`,
    RollingBack:
      rollout.restoredAtMs === null
        ? `takes all traffic back from ${label}`
        : `has taken all traffic back from ${label} and drains it`,
  };
  return words[rollout.state] ?? `is in ${rollout.state} with ${label}`;
}

const owners: Readonly<Record<Owner, (key: string, rollout: RolloutView) => string>> = {
  controller: () => 'It waits for nothing but Sluice itself; nobody needs to act.',
  person: (key, rollout) => `It waits for a person: ${personHint(key, rollout)}.`,
  'data plane': () => 'It waits for the proxy to prove that the traffic is as asked.',
  metrics: () => 'It waits for measurements that can be judged.',
  workload: () => 'It waits for the processes to become ready.',
  webhook: () => 'It waits for the answer of a webhook.',
};

function personHint(key: string, rollout: RolloutView): string {
  const back = `"sluice rollback ${key}" takes it back`;
  if (rollout.state === 'AwaitingApproval')
    return `"sluice approve ${key}" lets it go on, "sluice reject ${key}" takes it back`;
  if (rollout.state === 'Paused') return `"sluice resume ${key}" lets it go on, ${back}`;
  return `"sluice advance ${key}" or "sluice promote ${key}" lets it go on, ${back}`;
}

function until(rollout: RolloutView, nowMs: number): string {
  if (rollout.deadlineMs !== null) return `That has a deadline in ${ago(nowMs, rollout.deadlineMs)}.`;
  if (rollout.nextAtMs !== null) return `The earliest end of that is in ${ago(nowMs, rollout.nextAtMs)}.`;
  return 'That has no deadline.';
}

const forwardOnly: ReadonlySet<StateName> = new Set(['Promoting', 'Baking', 'Draining']);

function then(rollout: RolloutView): string {
  if (rollout.decidedAtMs !== null) return 'Then it ends; the weight can only fall by now.';
  if (forwardOnly.has(rollout.state)) return 'Then it ends as Promoted.';
  const next = rollout.steps[rollout.step + 1];
  const forward =
    next === undefined
      ? 'it is promoted'
      : `${routingWords(next.routing)} ${next.approval ? 'follow after an approval' : 'follow'}`;
  return `Then ${forward}, if its checks pass; if they fail, all traffic goes back to stable.`;
}

function routingWords(routing: Routing): string {
  switch (routing.kind) {
    case 'weight':
      return `${Number(routing.weightPercent.toFixed(2))} % of the requests`;
    case 'match':
      return 'the matching requests';
    case 'mirror':
      return `copies of ${Number(routing.percent.toFixed(2))} % of the requests`;
    case 'none':
      return 'no requests of users';
  }
}

function brake(service: ServiceView): string {
  if (service.disabled) return `; it is disabled, "sluice enable ${service.key}" rolls out again`;
  return service.suspended ? '; it is suspended' : '';
}

function ago(fromMs: number, toMs: number): string {
  return formatDuration(Math.max(0, Math.round((toMs - fromMs) / 1_000) * 1_000));
}

function closed(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
