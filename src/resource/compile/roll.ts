import type { Strategy } from '../../rollout/plan.ts';
import type { RollParameters } from '../../rollout/plan.ts';
import { type Finding, findingAt } from '../finding.ts';
import type { CountOrPercent } from '../schema/fields.ts';
import type { TargetParts } from './process-template.ts';

export interface Roll {
  readonly replicas: number;
  readonly parameters: RollParameters;
  readonly findings: readonly Finding[];
}

/**
 * How many replicas there are and how they are replaced: the Process first, then the Deployment beside it. Surge rounds up and
 * unavailable down, as in Kubernetes; left out they are 25 % and 0, so that nothing is missing while it rolls.
 */
export function rollOf(target: TargetParts, strategy: Strategy): Roll {
  const { workload, deployment } = target;
  const { spec } = workload.value;
  const beside = deployment?.value.spec;
  const replicas = spec.replicas ?? beside?.replicas ?? 1;
  const minReadySeconds = spec.minReadySeconds ?? beside?.minReadySeconds ?? 0;
  const type = spec.strategy?.type ?? beside?.strategy?.type ?? 'RollingUpdate';
  const surge = spec.strategy?.rollingUpdate?.maxSurge ?? beside?.strategy?.rollingUpdate?.maxSurge;
  const unavailable =
    spec.strategy?.rollingUpdate?.maxUnavailable ?? beside?.strategy?.rollingUpdate?.maxUnavailable;
  const kind = strategy === 'Recreate' || type === 'Recreate' ? 'recreate' : 'rolling';
  const maxSurge = resolve(surge ?? { kind: 'percent', value: 25 }, replicas, Math.ceil);
  const maxUnavailable = Math.min(
    replicas,
    resolve(unavailable ?? { kind: 'count', value: 0 }, replicas, Math.floor),
  );
  const findings: Finding[] = [...differences(target)];
  const place =
    spec.strategy === undefined && beside?.strategy !== undefined ? (deployment ?? workload) : workload;
  const at = ['spec', 'strategy'];
  if (replicas < 1 && spec.replicas === undefined) {
    const parts = {
      code: 'replicas-zero',
      message: 'The Deployment has 0 replicas.',
      fix: 'write replicas in the Process',
    } as const;
    findings.push(findingAt((deployment ?? workload).document, ['spec', 'replicas'], parts));
  }
  if (kind === 'recreate') {
    const message = 'All replicas are stopped before new ones start.';
    findings.push(
      findingAt(place.document, at, {
        code: 'recreate-downtime',
        message,
        fix: 'write RollingUpdate, or take the downtime',
      }),
    );
  } else if (maxSurge === 0 && maxUnavailable === 0 && replicas > 0) {
    const message = `maxSurge and maxUnavailable both come to 0 of ${replicas} replicas.`;
    findings.push(
      findingAt(place.document, at, { code: 'roll-impossible', message, fix: 'write maxSurge: 1' }),
    );
  } else if (maxUnavailable > 0) {
    const message = `maxUnavailable comes to ${maxUnavailable} of ${replicas} replicas.`;
    findings.push(
      findingAt(place.document, at, { code: 'roll-downtime', message, fix: 'write maxUnavailable: 0' }),
    );
  }
  return { replicas, parameters: { kind, maxSurge, maxUnavailable, minReadySeconds }, findings };
}

function resolve(value: CountOrPercent, replicas: number, round: (value: number) => number): number {
  return value.kind === 'count' ? value.value : round((value.value * replicas) / 100);
}

function differences({ workload, deployment }: TargetParts): readonly Finding[] {
  return (['replicas', 'minReadySeconds', 'progressDeadlineSeconds'] as const).flatMap((field) => {
    const own = workload.value.spec[field];
    const other = deployment?.value.spec[field];
    if (own === undefined || other === undefined || own === other) return [];
    const message = `${field} is ${own} here and ${other} in the Deployment.`;
    const parts = {
      code: 'process-overrides-deployment',
      message,
      fix: 'nothing, if that is meant',
    } as const;
    return [findingAt(workload.document, ['spec', field], parts)];
  });
}
