import type { ServiceView } from '../../resource/view.ts';
import { routing } from '../terminal/format.ts';

/**
 * What a log shows of a service: one line, written again only when it differs from the last one. It names nothing that
 * moves by itself (no elapsed time, no counts), so a quiet rollout is a quiet log.
 */
export function changeLine(service: ServiceView): string {
  const { rollout } = service;
  if (rollout === null) return `${service.name}: no rollout yet, wants ${service.wanted.label}`;
  const step =
    rollout.steps.length > 0 && rollout.step >= 0 && rollout.step < rollout.steps.length
      ? `, step ${rollout.step + 1} of ${rollout.steps.length}`
      : '';
  const traffic =
    rollout.outcome === null ? `, canary ${routing(rollout.traffic.set)}${inForce(service)}` : '';
  const failed =
    rollout.failedChecks.used === null || rollout.failedChecks.used === 0
      ? ''
      : `, failed checks ${rollout.failedChecks.used} of ${rollout.failedChecks.allowed}`;
  const message = rollout.outcome === null ? rollout.reason : `${rollout.reason}: ${rollout.message}`;
  return `${service.name} ${rollout.revision.label}: ${rollout.state}${step}${traffic}${failed} (${message})`;
}

function inForce(service: ServiceView): string {
  const traffic = service.rollout?.traffic;
  return traffic === undefined || traffic.inForce ? '' : ' (not yet in force)';
}
