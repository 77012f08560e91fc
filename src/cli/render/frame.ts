import type { ArmView, RolloutView, ServiceView, TrafficView } from '../../resource/view.ts';
import { clock, plannedSpan, routing, shortSpan, span } from '../terminal/format.ts';
import { allowance, checkLines, judgeLines } from './checks.ts';
import type { RenderContext } from './context.ts';
import { serviceTitle, stateGlyph } from './state.ts';
import { stepLines } from './strip.ts';

/** One service as the live view and `get` show it: headline, plan, checks, arms, and what it waits for. */
export function serviceFrame(service: ServiceView, context: RenderContext): readonly string[] {
  const { rollout } = service;
  const lines = [headline(service, context)];
  if (rollout !== null)
    lines.push(
      ...stepLines(rollout, context),
      ...checkLines(rollout, context),
      ...judgeLines(rollout, context),
    );
  lines.push(...armLines(service, context));
  if (rollout !== null) lines.push(...waitLines(rollout, context));
  if (service.problem !== null) lines.push(`  ${context.style.colors.yellow(service.problem)}`);
  return lines;
}

function headline(service: ServiceView, context: RenderContext): string {
  const { rollout } = service;
  const title = serviceTitle(service, context.style);
  if (rollout === null) return `${title}   ${service.key}   ${service.address}`;
  return [
    `${stateGlyph(rollout.state, context.style)} ${title}`,
    service.key,
    stateWithWeight(service, rollout),
    timing(rollout, context),
  ].join('   ');
}

function stateWithWeight(service: ServiceView, rollout: RolloutView): string {
  if (rollout.outcome !== null) return rollout.outcome;
  const traffic = service.traffic ?? rollout.traffic;
  return `${rollout.state}, canary ${routing(traffic.set)}`;
}

function timing(rollout: RolloutView, { nowMs }: RenderContext): string {
  if (rollout.endedAtMs !== null) return `took ${span(rollout.endedAtMs - rollout.startedAtMs)}`;
  const elapsed = `${span(nowMs - rollout.startedAtMs)} elapsed`;
  if (rollout.endsAtMs === null)
    return rollout.owner === 'person' ? `${elapsed}, waits for a person` : elapsed;
  return `${elapsed}, about ${plannedSpan(rollout.endsAtMs - nowMs)} left`;
}

function armLines(service: ServiceView, context: RenderContext): readonly string[] {
  const arms = service.arms.filter((arm) => arm.revision !== null && (arm.replicas > 0 || arm.ready > 0));
  const parts = arms.map(armText);
  const { traffic } = service;
  if (traffic !== null && service.rollout?.outcome === null) parts.push(trafficText(traffic));
  const failures = arms.flatMap((arm) =>
    arm.failure === null ? [] : [`  ${context.style.colors.red(`${arm.arm}: ${arm.failure}`)}`],
  );
  return [...(parts.length === 0 ? [] : [`  ${parts.join('   ')}`]), ...failures];
}

function armText(arm: ArmView): string {
  const restarts = arm.restarts === 0 ? '' : `, ${arm.restarts} restarts`;
  return `${arm.arm} ${arm.revision?.label ?? ''}  ${arm.ready}/${arm.replicas} ready${restarts}`;
}

function trafficText(traffic: TrafficView): string {
  const actual = traffic.actual === null ? 'unknown' : routing(traffic.actual);
  return `traffic set ${routing(traffic.set)} actual ${actual}${traffic.inForce ? '' : ' (not yet in force)'}`;
}

function waitLines(rollout: RolloutView, context: RenderContext): readonly string[] {
  const { nowMs, timeZone } = context;
  const used = allowance(rollout);
  const since = rollout.outcome === null ? `, since ${clock(rollout.sinceMs, nowMs, timeZone)}` : '';
  const owner = rollout.outcome === null ? ` (${rollout.owner}${since})` : '';
  const lines = [`  ${rollout.reason}: ${rollout.message}${owner}${used === '' ? '' : `   ${used}`}`];
  if (rollout.restoredAtMs !== null || rollout.detectedAtMs !== null)
    lines.push(`  ${fourTimes(rollout, context)}`);
  return lines;
}

/** `onset 14:03:20, detected after 1.8 s, decided after 4 ms, restored after 12 ms`: the four times of a rollback. */
export function fourTimes(rollout: RolloutView, { nowMs, timeZone }: RenderContext): string {
  const parts: string[] = [];
  let previousMs: number | null = null;
  const instants = [
    ['onset', rollout.onsetAtMs],
    ['detected', rollout.detectedAtMs],
    ['decided', rollout.decidedAtMs],
    ['restored', rollout.restoredAtMs],
  ] as const;
  for (const [name, atMs] of instants) {
    if (atMs === null) continue;
    parts.push(
      previousMs === null
        ? `${name} ${clock(atMs, nowMs, timeZone)}`
        : `${name} after ${shortSpan(atMs - previousMs)}`,
    );
    previousMs = atMs;
  }
  return parts.join(', ');
}
