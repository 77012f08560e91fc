import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicClock } from '../src/engine/clock.ts';
import { Engine } from '../src/engine/engine.ts';
import { decide } from '../src/rollout/decide.ts';
import { judgeOf } from '../src/analysis/judges.ts';
import { cryptographicRandom } from '../src/engine/cryptographic-random.ts';
import type { Platform } from '../src/engine/ports.ts';
import { examplePlan, exampleSnapshot, exampleSpec, weightStep } from '../test/fakes/examples.ts';
import { FakeHooks } from '../test/fakes/fake-hooks.ts';
import { FakeMetricSource } from '../test/fakes/fake-metric-source.ts';
import { FakeNotifier } from '../test/fakes/fake-notifier.ts';
import { FakePlatform } from '../test/fakes/fake-platform.ts';
import { MemoryRecorder } from '../test/fakes/memory-recorder.ts';
import { MemoryStore } from '../test/fakes/memory-store.ts';
import { type BenchOptions, type BenchResult, quantile, round } from './bench.ts';

const idleServices = 1_000;
const runningRollouts = 100;

/** The engine with 1,000 idle services and 100 running rollouts on a fake platform, in real time. */
export async function run({ quick, say }: BenchOptions): Promise<BenchResult> {
  const clock = monotonicClock(0);
  const platform = new FakePlatform(clock);
  const store = new MemoryStore();
  const observedAt = new Map<string, number>();
  const timed = timing(platform, observedAt);
  const decideUs: number[] = [];
  const reconcileMs: number[] = [];
  let recording = false;
  const engine = new Engine({
    platform: timed.platform,
    metrics: new FakeMetricSource(clock, platform),
    hooks: new FakeHooks(clock),
    store,
    recorder: new MemoryRecorder(store),
    notifier: new FakeNotifier(),
    clock,
    random: cryptographicRandom(),
    judgeOf,
    decide: (input) => {
      const startedAt = performance.now();
      const decision = decide(input);
      if (recording) {
        decideUs.push((performance.now() - startedAt) * 1_000);
        const begunAt = observedAt.get(`default/${input.identity.name.split('-')[0]}`);
        if (begunAt !== undefined) reconcileMs.push(performance.now() - begunAt);
      }
      return decision;
    },
    log: () => undefined,
  });
  await engine.start();
  const actor = { kind: 'person', name: 'bench' } as const;
  const names = Array.from({ length: idleServices + runningRollouts }, (_, index) => `s${index}`);
  const plan = { ...examplePlan, steps: [weightStep(10, 3_600_000)] };
  await engine.commands.apply(
    names.map((name) => ({ spec: exampleSpec(plan, name), target: exampleSnapshot('a'), source: [] })),
    actor,
  );
  await until(() => names.every((name) => engine.commands.get(`default/${name}`).canary.promoted !== null));
  for (const name of names.slice(0, runningRollouts))
    await engine.commands.deploy(`default/${name}`, exampleSnapshot('b'), actor);
  await until(() =>
    names
      .slice(0, runningRollouts)
      .every((name) => engine.commands.get(`default/${name}`).rollout?.state.name === 'Holding'),
  );
  await sleep(3_000);
  say(`${idleServices} services idle, ${runningRollouts} rollouts held at 10 %`);
  globalThis.gc?.();
  recording = true;
  const windowMs = quick ? 10_000 : 40_000;
  const cpuBefore = process.cpuUsage();
  const writesBefore = store.writes;
  await sleep(windowMs);
  const { user, system } = process.cpuUsage(cpuBefore);
  const residentMb = process.memoryUsage().rss / 2 ** 20;
  recording = false;
  await engine.stop();
  return {
    figures: {
      residentMb: round(residentMb, 0),
      cpuShare: round((user + system) / 1_000 / windowMs, 4),
      decideP99Us: round(quantile(decideUs, 0.99), 0),
      loopP99Ms: round(quantile(reconcileMs, 0.99)),
      reconcilesPerSecond: round(reconcileMs.length / (windowMs / 1_000), 1),
      writesPerSecond: round((store.writes - writesBefore) / (windowMs / 1_000), 2),
    },
    against: {
      bareNodeResidentMb: 45,
      limits: { residentMb: 200, cpuShare: 0.05, loopP99Ms: 20 },
      note: 'loopP99Ms: from the reading of the platform to the decision of one look at one rollout',
    },
  };
}

function timing(platform: FakePlatform, observedAt: Map<string, number>): { readonly platform: Platform } {
  return {
    platform: {
      bootId: platform.bootId,
      observe: (key) => {
        observedAt.set(key, performance.now());
        return platform.observe(key);
      },
      ensureService: (key, spec) => platform.ensureService(key, spec),
      ensureSnapshot: (key, snapshot) => platform.ensureSnapshot(key, snapshot),
      act: (key, effect, identity) => platform.act(key, effect, identity),
      lowerToZero: (key, identity) => platform.lowerToZero(key, identity),
      removeService: (key) => platform.removeService(key),
      watch: (listener) => platform.watch(listener),
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('the engine did not get there in two minutes');
    await sleep(50);
  }
}
