import type { ServiceView as EngineServiceView } from '../engine/commands.ts';
import type { CanaryRecord } from '../engine/ports.ts';
import { flaggerPhase } from '../resource/phase.ts';
import type { ArmView, ServiceView } from '../resource/view.ts';
import type { Arm } from '../rollout/effect.ts';
import type { ArmObservation } from '../rollout/observation.ts';
import { revisionView, rolloutView, trafficView } from './rollout-view.ts';

/** A service as the API says it, from what the engine has in memory. */
export function serviceView(service: EngineServiceView, nowMs: number): ServiceView {
  const { canary, rollout, observation } = service;
  const labelOf = labelsOf(service);
  const phase = phaseOf(service);
  return {
    key: canary.key,
    namespace: canary.spec.namespace,
    name: canary.spec.name,
    flavour: canary.spec.flavour,
    generation: canary.generation,
    address: addressOf(canary),
    phase,
    suspended: canary.spec.suspend,
    disabled: canary.disabled,
    deleting: canary.deleting,
    wanted: revisionView(canary.target),
    promoted: canary.promoted === null ? null : revisionView(canary.promoted),
    previous: canary.previous === null ? null : revisionView(canary.previous),
    arms:
      observation === null
        ? []
        : [armView('stable', observation.stable, labelOf), armView('canary', observation.canary, labelOf)],
    traffic: rollout === null ? null : trafficView(rollout, observation),
    rollout:
      rollout === null
        ? null
        : rolloutView(
            { ...rollout, checks: service.checks },
            { nowMs, phase, observation, verdict: service.verdict, labelOf },
          ),
    problem: service.troubles.length === 0 ? null : service.troubles.join('; '),
  };
}

/** Labels of the revisions that the service still keeps; any other revision is its own label. */
export function labelsOf({
  canary,
  rollout,
}: Pick<EngineServiceView, 'canary' | 'rollout'>): (revision: string) => string {
  const kept = [canary.target, canary.promoted, canary.previous, rollout?.snapshot ?? null];
  return (revision) => kept.find((snapshot) => snapshot?.revision === revision)?.label ?? revision;
}

/** Flagger's word for where a service is. */
export function phaseOf({ canary, rollout }: Pick<EngineServiceView, 'canary' | 'rollout'>): string {
  return flaggerPhase({
    deleting: canary.deleting,
    promoted: canary.promoted !== null,
    rollout,
    first: rollout !== null && rollout.identity.stableRevision === null,
  });
}

function addressOf({ spec }: CanaryRecord): string {
  const { host, port } = spec.front;
  const reachable =
    host === '0.0.0.0' || host === ''
      ? '127.0.0.1'
      : host === '::'
        ? '[::1]'
        : host.includes(':')
          ? `[${host}]`
          : host;
  return `http://${reachable}:${port}`;
}

function armView(arm: Arm, observation: ArmObservation, labelOf: (revision: string) => string): ArmView {
  const { revision } = observation;
  return {
    arm,
    revision: revision === null ? null : { revision, label: labelOf(revision) },
    replicas: observation.replicas,
    ready: observation.ready,
    available: observation.available,
    inFlight: observation.inFlight,
    restarts: observation.restarts,
    failure: observation.failure,
  };
}
