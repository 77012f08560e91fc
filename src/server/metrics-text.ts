import type { ServiceListDocument } from '../resource/view.ts';

const stateNames = [
  'Pending',
  'Starting',
  'Stepping',
  'Holding',
  'AwaitingApproval',
  'Paused',
  'Promoting',
  'Baking',
  'Draining',
  'RollingBack',
] as const;

/** The engine in the Prometheus text format 0.0.4, bounded by the number of services. */
export function metricsText(list: ServiceListDocument): string {
  const lines = [
    '# HELP sluice_rollout_state 1 for the state that a running rollout is in.',
    '# TYPE sluice_rollout_state gauge',
  ];
  for (const { namespace, name, rollout } of list.services) {
    if (rollout === null || rollout.outcome !== null) continue;
    for (const state of stateNames) {
      lines.push(
        `sluice_rollout_state${labels({ namespace, name, state })} ${state === rollout.state ? 1 : 0}`,
      );
    }
  }
  lines.push(
    '# HELP sluice_canary_weight_percent Weight that is asked for, and that is proven in force.',
    '# TYPE sluice_canary_weight_percent gauge',
  );
  for (const { namespace, name, traffic } of list.services) {
    if (traffic?.set.kind === 'weight') {
      lines.push(
        `sluice_canary_weight_percent${labels({ namespace, name, kind: 'set' })} ${traffic.set.weightPercent}`,
      );
    }
    if (traffic?.actual?.kind === 'weight' && traffic.inForce) {
      lines.push(
        `sluice_canary_weight_percent${labels({ namespace, name, kind: 'in_force' })} ${traffic.actual.weightPercent}`,
      );
    }
  }
  lines.push(
    '# HELP sluice_arm_ready_replicas Ready replicas of an arm.',
    '# TYPE sluice_arm_ready_replicas gauge',
  );
  for (const { namespace, name, arms } of list.services) {
    for (const arm of arms)
      lines.push(`sluice_arm_ready_replicas${labels({ namespace, name, arm: arm.arm })} ${arm.ready}`);
  }
  lines.push(
    '# HELP sluice_events_total Events recorded since the state directory was made.',
    '# TYPE sluice_events_total counter',
    `sluice_events_total ${list.sequence}`,
  );
  return `${lines.join('\n')}\n`;
}

function labels(values: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(values).map(
    ([name, value]) =>
      `${name}="${value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`))}"`,
  );
  return `{${pairs.join(',')}}`;
}
