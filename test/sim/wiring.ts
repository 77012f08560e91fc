import type { StoreFault } from '../fakes/memory-store.ts';
import type { CallFault, PlatformCall } from '../fakes/fake-platform.ts';
import type { HookScript } from '../fakes/fake-hooks.ts';
import type { MetricFault } from '../fakes/fake-metric-source.ts';
import { workloadUnder } from './faults.ts';
import type { Simulation } from './simulation.ts';

/** Lets every fake ask the simulation which faults are on. */
export function connectFaults(simulation: Simulation): void {
  const { platform, store, hooks, metrics, notifier } = simulation.world;
  const { random } = simulation;
  const isOn = simulation.isOn.bind(simulation);
  platform.faultOf = (call) => platformFault(simulation, call);
  platform.applyMs = (worker) => {
    if (isOn('34 data plane never applies')) return Infinity;
    return isOn('33 data plane applies late or in part') ? random.pick([0, 2_000, worker * 60_000]) : 0;
  };
  platform.losesNotice = () => {
    if (!isOn('9 notices missing or doubled')) return false;
    if (random.chance(0.3)) platform.nudge(simulation.key);
    return random.chance(0.5);
  };
  platform.leftInFlight = () => {
    if (isOn('38 long streams never end')) return { requests: 4, eachMs: Infinity };
    return isOn('37 requests in flight remain at weight 0')
      ? { requests: 4, eachMs: random.between(500, 20_000) }
      : { requests: 2, eachMs: 200 };
  };
  platform.behaviourOf = (revision) =>
    revision === 'v1' ? { startMs: 1_000, failure: null } : workloadUnder(isOn);
  store.faultOf = () => storeFault(simulation);
  metrics.faultOf = () => metricFault(simulation);
  metrics.errorShareOf = (revision, known) => {
    if (isOn('42 both revisions bad')) return 0.3;
    return isOn('43 canary bad after a while') && revision !== 'v1' ? 0.3 : known;
  };
  metrics.rateOf = () => (isOn('41 no traffic') ? 0 : 100);
  hooks.scriptOf = (request) => hookScript(simulation, request.effect.hook.type === 'rollback');
  notifier.isBroken = () => isOn('46 notifier broken');
}

/** A fault has ended: what hung because of it goes on. */
export function healAll({ world }: Simulation): void {
  for (const service of world.platform.services.values()) {
    service.stable.heal();
    service.canary.heal();
    service.plane.heal();
  }
}

function platformFault(simulation: Simulation, call: PlatformCall): CallFault {
  const { random } = simulation;
  const on = simulation.isOn.bind(simulation);
  if (on('14 platform down')) return 'error';
  if (on('14 platform hangs') && call !== 'ensure') return random.pick(['hang', 'none'] as const);
  if (on('15 time-out but the write happened') && call !== 'observe' && call !== 'ensure') {
    return random.pick(['lost', 'late', 'none', 'hang'] as const);
  }
  return 'none';
}

function storeFault(simulation: Simulation): StoreFault {
  const { random } = simulation;
  if (simulation.isOn('54 disk full')) return 'refuse';
  if (simulation.isOn('54 disk stalls')) return random.pick(['hang', 'lostAndHang', 'none'] as const);
  if (simulation.isOn('54 write done, reply lost'))
    return random.pick(['lost', 'none', 'lostAndHang'] as const);
  if (simulation.isOn('12 conflicts in the store')) return random.pick(['conflict', 'none'] as const);
  return 'none';
}

function metricFault(simulation: Simulation): MetricFault {
  const { random } = simulation;
  if (simulation.isOn('39 metric source down')) return 'error';
  if (simulation.isOn('39 metric source hangs')) return random.pick(['hang', 'none'] as const);
  if (simulation.isOn('39 stale metrics')) return 'stale';
  if (simulation.isOn('40 counter resets and gaps'))
    return random.pick(['reset', 'gap', 'nan', 'none'] as const);
  return 'none';
}

function hookScript(simulation: Simulation, isRollbackHook: boolean): HookScript {
  const { random } = simulation;
  const afterMs = random.pick([0, 0, 300, 1_500]);
  if (simulation.isOn('44 webhooks hang or are late'))
    return {
      kind: random.pick(['hang', 'passed', 'failed'] as const),
      afterMs: random.pick([0, 5_000, 60_000]),
    };
  if (simulation.isOn('45 webhooks replay old answers') && random.chance(0.5))
    return { kind: 'replay', afterMs };
  if (isRollbackHook) return { kind: random.chance(0.01) ? 'passed' : 'refused', afterMs };
  return { kind: simulation.isOn('44 webhooks refuse') ? 'refused' : 'passed', afterMs };
}
