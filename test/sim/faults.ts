import type { WorkloadBehaviour } from '../fakes/fake-arm.ts';
import type { Simulation } from './simulation.ts';

/**
 * The faults of the reliability research's list (its numbers) that concern the core, the engine and one machine. Left to
 * Kubernetes, with its own fakes: 4 two leaders · 6 watch closes · 7 half-open watch · 8 410 Gone · 10 DELETE+ADD as one ·
 * 11 stale cache · 13 429 · 16 401/403 · 17 422 admission · 18 mutating webhook · 22 CRD versions · 30 autoscaler at its
 * maximum · 31 PDB · 32 endpoint race · 35 PartiallyInvalid · 36 route edit causes 5xx · 49 hub · 50, 51 migrations ·
 * 52 status size · 57 secret rotated. 56 (old schema) has nothing to be old yet; 58 (malicious values) is the linter's.
 */
export type FaultName = (typeof windowFaults)[number] | (typeof momentFaults)[number];

/** On for a while: the simulation asks `isOn`. */
export const windowFaults = [
  '1 killed before a write',
  '2 killed after a write, reply lost',
  '9 notices missing or doubled',
  '12 conflicts in the store',
  '14 platform down',
  '14 platform hangs',
  '15 time-out but the write happened',
  '26 canary never ready',
  '26 canary fails at once',
  '33 data plane applies late or in part',
  '34 data plane never applies',
  '37 requests in flight remain at weight 0',
  '38 long streams never end',
  '39 metric source down',
  '39 metric source hangs',
  '39 stale metrics',
  '40 counter resets and gaps',
  '41 no traffic',
  '42 both revisions bad',
  '43 canary bad after a while',
  '44 webhooks hang or are late',
  '44 webhooks refuse',
  '45 webhooks replay old answers',
  '46 notifier broken',
  '54 disk full',
  '54 disk stalls',
  '54 write done, reply lost',
] as const;

/** Happen at an instant. */
export const momentFaults = [
  '1 killed',
  '3 paused for minutes',
  '5 clock jumps',
  '9 nudged for nothing',
  '19 another tool writes the route',
  '20 a person lowers the weight by hand',
  '21 a proxy worker loses its table',
  '23 new revision midway',
  '24 back to the stable revision',
  '25 deleted midway',
  '27 canary flaps',
  '26 canary crashes',
  '28 stable replicas lost',
  '29 somebody scales stable in',
  '47 promote and rollback at once',
  '47 random clicks',
  '48 suspended for a while',
  '53 another service stops by a bug',
  'the machine reboots',
] as const;

const minuteMs = 60_000;

/** Does the moment. */
export function strike(simulation: Simulation, fault: (typeof momentFaults)[number]): void {
  const { world, random } = simulation;
  const service = world.platform.services.get(simulation.key);
  switch (fault) {
    case '1 killed':
      return simulation.crash(random.pick([0, 1_000, 20_000, 5 * minuteMs]));
    case '3 paused for minutes':
      return simulation.stopProcess(random.between(30_000, 10 * minuteMs));
    case '5 clock jumps':
      simulation.wallAheadMs += random.pick([-1, 1]) * 60 * minuteMs;
      return simulation.crash(1_000);
    case '9 nudged for nothing':
      return simulation.nudge();
    case '19 another tool writes the route':
      return service?.plane.writeForeign({ kind: 'weight', weightPercent: random.pick([0, 15]) }, 'argocd');
    case '20 a person lowers the weight by hand':
      return service?.plane.writeForeign({ kind: 'weight', weightPercent: 0 }, 'a person');
    case '21 a proxy worker loses its table':
      return service?.plane.restartWorker(random.between(0, 1));
    case '23 new revision midway':
      return simulation.deployNext();
    case '24 back to the stable revision':
      return simulation.deployBack();
    case '25 deleted midway':
      return simulation.delete();
    case '27 canary flaps':
      return service?.canary.flap(random.between(1, 4), random.between(2_000, 15_000));
    case '26 canary crashes':
      return service?.canary.crash(random.between(1, 4));
    case '28 stable replicas lost':
      return service?.stable.crash(random.between(1, 4));
    case '29 somebody scales stable in':
      return service?.stable.scaleIn(1);
    case '47 promote and rollback at once':
      simulation.click('promote');
      return simulation.click('rollback');
    case '47 random clicks':
      return simulation.click(
        random.pick([
          'promote',
          'advance',
          'pause',
          'resume',
          'rollback',
          'retry',
          'approve',
          'reject',
        ] as const),
      );
    case '48 suspended for a while':
      return simulation.suspendFor(random.between(10_000, 2 * minuteMs));
    case '53 another service stops by a bug':
      return simulation.addPoisoned();
    case 'the machine reboots':
      return simulation.reboot();
  }
}

/** How the replicas of a revision that is under test behave while a fault is on. */
export function workloadUnder(isOn: (fault: FaultName) => boolean): WorkloadBehaviour {
  if (isOn('26 canary fails at once')) return { startMs: Infinity, failure: 'exit code 1 at once' };
  if (isOn('26 canary never ready')) return { startMs: Infinity, failure: null };
  return { startMs: 1_000, failure: null };
}
