import { isDeepStrictEqual } from 'node:util';
import type { PlatformEffect, RolloutRecord, ServiceKey } from '../../src/engine/ports.ts';
import type { ServiceView } from '../../src/engine/commands.ts';
import type { RolloutIdentity } from '../../src/rollout/decide.ts';
import type { Routing } from '../../src/rollout/plan.ts';
import { sameRouting, touchesCanary, userShare } from '../../src/rollout/routing.ts';
import type { FakeService, PlatformWitness } from '../fakes/fake-platform.ts';
import type { WrittenRoute } from '../fakes/fake-data-plane.ts';
import type { World } from '../fakes/world.ts';
import type { Coverage } from './coverage.ts';
import { secret } from './scenario.ts';

/** Traffic of a run as it truly was. */
interface TrueRun {
  /** Since when every worker routes as the run's latest write asked. */
  inForceSinceMs: number | null;
  /** Blocks handed out when that began. */
  blocksBefore: number;
  asked: Routing | null;
  firstLowerAtMs: number | null;
  tombstoned: boolean;
}

/**
 * The invariants of rollout.md held against what truly happened in the fake world and on the fake disk, knowing nothing of how
 * the engine works. Every broken one is a line in `violations`.
 */
export class Checker implements PlatformWitness {
  readonly violations: string[] = [];
  readonly #world: World;
  readonly #coverage: Coverage;
  readonly #runs = new Map<string, TrueRun>();
  readonly #transitions = new Map<string, { readonly n: number; readonly to: string }>();
  #eventsSeen = 0;

  constructor(world: World, coverage: Coverage) {
    this.#world = world;
    this.#coverage = coverage;
  }

  act(key: ServiceKey, service: FakeService, effect: PlatformEffect, identity: RolloutIdentity | null): void {
    const run = identity === null ? null : (this.#world.store.rollouts.get(identity.name) ?? null);
    if (effect.kind === 'setRoute') this.#route(key, service, effect.route.routing, run);
    if (effect.kind === 'setArm' && effect.arm === 'canary') this.#canary(service, effect, run);
    if (effect.kind === 'setArm' && effect.arm === 'stable') this.#stable(service, effect, run);
  }

  lower(_key: ServiceKey, _service: FakeService, identity: RolloutIdentity): void {
    this.#run(identity.uid).firstLowerAtMs ??= this.#world.clock.nowMs();
  }

  applied(key: ServiceKey, _worker: number, before: Routing, after: WrittenRoute): void {
    const run = this.#run(after.rollout);
    if (after.rollout !== '' && run.tombstoned && userShare(after.routing) > userShare(before)) {
      this.#broken('N4', `a worker's weight rose after the tombstone of ${after.rollout}`);
    }
    if (after.tombstone === after.rollout && after.rollout !== '') run.tombstoned = true;
    const plane = this.#world.platform.services.get(key)?.plane;
    if (plane?.isInForce === true) {
      if (run.inForceSinceMs === null || run.asked === null || !sameRouting(run.asked, after.routing)) {
        run.inForceSinceMs = this.#world.clock.nowMs();
        run.blocksBefore = this.#world.metrics.handedOut.length;
      }
      run.asked = after.routing;
    }
  }

  removed(_key: ServiceKey, service: FakeService): void {
    this.#check(
      'N13',
      service.plane.share === 0 || service.plane.wasForeign,
      'a service was removed while its canary had traffic',
    );
  }

  /** After each event, for what the engine shows. */
  looked(view: ServiceView): void {
    const { rollout } = view;
    if (rollout === null) return;
    const { state, identity } = rollout;
    for (const trouble of view.troubles) {
      if (trouble.includes('stopped by a bug')) this.#broken('assertion', trouble);
    }
    if (state.decidedAtMs === null || !state.route.tombstone || state.stableGone || state.endedAtMs !== null)
      return;
    const isKnown = this.#run(identity.uid).firstLowerAtMs !== null || this.#run(identity.uid).tombstoned;
    this.#check('N5', isKnown, `${identity.name} decided to go back and wrote nothing to the data plane`);
  }

  /** New events on the disk: each transition once, in order. */
  recorded(): void {
    const { events } = this.#world.store;
    for (; this.#eventsSeen < events.length; this.#eventsSeen += 1) {
      const event = events[this.#eventsSeen];
      if (event?.kind !== 'transition') continue;
      const [uid = '', number] = event.id.split('/');
      const { from, to } = event.data as { readonly from: string; readonly to: string };
      const last = this.#transitions.get(uid) ?? { n: 0, to: 'Pending' };
      const follows = Number(number) === last.n + 1 && from === last.to && event.actor.name !== '';
      this.#check('N10', follows, `transition ${event.id} ${from}→${to} follows ${last.n} (${last.to})`);
      this.#transitions.set(uid, { n: Number(number), to });
    }
  }

  /** After the last event: nothing hangs, and the world is as the record says. */
  ended(views: readonly ServiceView[]): void {
    for (const view of views) {
      const { rollout, canary } = view;
      const isEnded = rollout !== null && rollout.state.endedAtMs !== null;
      const where =
        rollout === null
          ? 'no rollout'
          : `${rollout.state.name}/${rollout.state.phase} ${rollout.state.reason}`;
      this.#check(
        'N14',
        isEnded || canary.spec.suspend,
        `${canary.key} has not ended: ${where} (${view.troubles.join('; ')})`,
      );
      if (isEnded) this.#settled(view, rollout);
    }
    const words = [...this.#world.store.events.map((event) => JSON.stringify(event)), ...this.#world.log];
    const told = this.#world.notifier.told.map((notice) => notice.message);
    this.#check(
      'N15',
      ![...words, ...told].some((text) => text.includes(secret)),
      'a secret is in an event, a log line or a message',
    );
  }

  #settled({ canary }: ServiceView, rollout: RolloutRecord): void {
    const service = this.#world.platform.services.get(canary.key);
    if (service === undefined || rollout.state.name === 'Failed' || canary.promoted === null) return;
    const seen = {
      revision: service.stable.revision,
      ready: service.stable.readyOf(canary.promoted.revision) >= service.stable.replicas,
      weight: service.plane.share,
      canary: service.canary.replicas,
    };
    const wanted = { revision: canary.promoted.revision, ready: true, weight: 0, canary: 0 };
    const isSo = isDeepStrictEqual(seen, wanted);
    this.#check(
      'N8',
      isSo,
      `${rollout.identity.name} ended ${rollout.state.name} with ${JSON.stringify(seen)}`,
    );
  }

  #route(key: ServiceKey, service: FakeService, routing: Routing, run: RolloutRecord | null): void {
    if (run === null) {
      this.#check('N1', userShare(routing) === 0, `${key}: a weight was raised outside of a rollout`);
      return;
    }
    const { state, identity, plan } = run;
    const isPersisted = sameRouting(state.route.routing, routing);
    this.#check('N8', isPersisted, `${identity.name} wrote ${JSON.stringify(routing)} before it was on disk`);
    const asked = service.plane.asked;
    const askedShare = asked.rollout === identity.uid ? userShare(asked.routing) : 0;
    // Lower, or the same again: nothing rises.
    if (userShare(routing) === 0 || userShare(routing) <= askedShare) return;
    this.#check(
      'N4',
      state.decidedAtMs === null,
      `${identity.name} raised its weight after the decision to go back`,
    );
    const others = service.plane.workers.filter(
      (worker) => worker.rollout !== '' && worker.rollout !== identity.uid && userShare(worker.routing) > 0,
    );
    this.#check(
      'N12',
      others.length === 0,
      `${identity.name} raised its weight while another run's is in force`,
    );
    const running = [...this.#world.store.rollouts.values()].filter(
      (record) =>
        record.key === key && record.state.endedAtMs === null && record.identity.uid !== identity.uid,
    );
    this.#check(
      'N12',
      running.length === 0,
      `${identity.name} raised its weight before another run had ended`,
    );
    if (state.phase === 'rescue') return;
    const canary = service.told?.canary;
    const isReady = canary !== undefined && canary.available > 0 && canary.revision === identity.revision;
    this.#check('N2', isReady, `${identity.name} raised its weight onto a canary that is not ready`);
    const next = plan.steps[state.step]?.routing ?? ({ kind: 'weight', weightPercent: 100 } as const);
    this.#check(
      'N1',
      sameRouting(next, routing),
      `${identity.name} raised its weight to what is not the plan's next value`,
    );
    if (state.step > 0) this.#cleared(run);
  }

  /** The step before was left with a clearance, and where that says `pass`, it was served, judged and held in truth. */
  #cleared(run: RolloutRecord): void {
    const { state, identity, plan } = run;
    const { clearance } = state;
    const isFor =
      clearance !== null &&
      (clearance.step === state.step - 1 ||
        clearance.kind === 'promote' ||
        clearance.kind === 'skipAnalysis');
    this.#check(
      'N1',
      isFor,
      `${identity.name} entered step ${state.step} with a clearance for ${clearance?.step ?? 'none'}`,
    );
    if (clearance === null || clearance.kind !== 'pass') return;
    const truth = this.#run(identity.uid);
    const left = plan.steps[clearance.step];
    const nowMs = this.#world.clock.nowMs();
    const heldMs = truth.inForceSinceMs === null ? 0 : nowMs - truth.inForceSinceMs;
    if (left === undefined || !touchesCanary(left.routing)) return;
    this.#check(
      'N1',
      heldMs >= left.holdMs,
      `${identity.name} left step ${clearance.step + 1} after ${heldMs} of ${left.holdMs} ms in force`,
    );
    const blocks = this.#world.metrics.handedOut.slice(truth.blocksBefore);
    const isServed = blocks.some((entry) => (entry.block.canary?.requests ?? 0) > 0);
    this.#check('N6', isServed, `${identity.name} passed step ${clearance.step + 1} without a request`);
    if (asksForIncrease(run)) this.#gated(run, clearance);
  }

  #gated(
    { identity, state, plan }: RolloutRecord,
    of: { readonly step: number; readonly attempt: number },
  ): void {
    const { uid } = identity;
    const gates = plan.hooks
      .filter((hook) => hook.type === 'confirm-traffic-increase')
      .map((hook) => hook.name);
    for (const gate of gates) {
      const start = `${uid}/${of.step}/${of.attempt}/hook/${gate}/`;
      const isPassed = [...this.#world.hooks.answers].some(
        ([id, answer]) => id.startsWith(start) && answer.kind === 'passed',
      );
      const isOpened = state.skipped.some((line) => line.startsWith(`${gate}: opened by`));
      this.#check(
        'N11',
        isPassed || isOpened,
        `${uid} went on without an answer of ${gate} for step ${of.step + 1}`,
      );
    }
  }

  #canary(
    service: FakeService,
    effect: Extract<PlatformEffect, { readonly kind: 'setArm' }>,
    run: RolloutRecord | null,
  ): void {
    const { canary, plane } = service;
    const isReduced =
      canary.replicas > 0 && (effect.replicas < canary.replicas || effect.revision !== canary.revision);
    if (!isReduced) return;
    const drainMs = run?.plan.drainMs ?? 0;
    const nowMs = this.#world.clock.nowMs();
    this.#check(
      'N3',
      plane.share === 0,
      `the canary was reduced while ${plane.share} % of traffic went to it`,
    );
    const isDrained =
      canary.inFlight === 0 ||
      plane.wasForeign ||
      (service.zeroSinceMs !== null && nowMs - service.zeroSinceMs >= drainMs);
    this.#check('N3', isDrained, 'the canary was reduced before it was drained');
  }

  #stable(
    service: FakeService,
    effect: Extract<PlatformEffect, { readonly kind: 'setArm' }>,
    run: RolloutRecord | null,
  ): void {
    const { stable, plane } = service;
    this.#check(
      'N9',
      effect.replicas >= Math.min(stable.replicas, run?.plan.replicas ?? stable.replicas),
      'stable was scaled down during a rollout',
    );
    const isRolled =
      stable.revision !== null &&
      stable.revision !== effect.revision &&
      run !== null &&
      run.state.decidedAtMs === null;
    if (!isRolled || effect.revision === run.identity.stableRevision) return;
    this.#check(
      'N8',
      run.state.stable.revision === effect.revision,
      `${run.identity.name} rolled stable before that was on disk`,
    );
    const isIdleNeeded = run.plan.promotion === 'bake' && run.plan.steps.length > 0 && stable.replicas > 0;
    const least = Math.min(...plane.workers.map((worker) => userShare(worker.routing)));
    const isReboot = run.state.reason === 'rebooted' || run.state.message.includes('anew');
    if (isIdleNeeded && !isReboot && !plane.wasForeign)
      this.#check('N3', least === 100, `stable was rolled while it carried ${100 - least} % of traffic`);
  }

  #run(uid: string): TrueRun {
    let run = this.#runs.get(uid);
    if (run === undefined) {
      run = { inForceSinceMs: null, blocksBefore: 0, asked: null, firstLowerAtMs: null, tombstoned: false };
      this.#runs.set(uid, run);
    }
    return run;
  }

  #check(invariant: string, holds: boolean, message: string): void {
    this.#coverage.checked(invariant);
    if (!holds) this.#broken(invariant, message);
  }

  #broken(invariant: string, message: string): void {
    if (this.violations.length < 20) this.violations.push(`${invariant}: ${message}`);
  }
}

/** Flagger asks before each step of a weight, but not after a mirror, and once more before the promotion from one. */
function asksForIncrease({ state, plan }: RolloutRecord): boolean {
  const next = plan.steps[state.step]?.routing.kind;
  const left = plan.steps[state.step - 1]?.routing.kind;
  return next === undefined ? left === 'weight' : next === 'weight' && left !== 'mirror';
}
