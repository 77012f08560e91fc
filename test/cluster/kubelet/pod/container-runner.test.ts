import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';
import { ContainerRunner, type RunnerOptions } from './container-runner.ts';
import { kubeletCrashPolicy } from './crash-backoff.ts';
import { FakeHost } from './fake-host.ts';
import type { Container, ContainerObservation } from './pod.ts';
import { makeContainer, observed } from './testing.ts';

class Bench {
  readonly clock = new VirtualClock();
  readonly host = new FakeHost(this.clock);
  readonly told: string[] = [];
  readonly runner: ContainerRunner;
  ended = false;
  readonly #startMs = this.clock.nowMs();

  constructor(more: Partial<Container>, options: Partial<RunnerOptions> = {}) {
    const container = makeContainer(more);
    const target = { container, ip: '10.244.0.7', env: {}, cwd: '/' };
    this.host.say = (what) => this.say(what);
    this.host.onHandle = (path) => this.say(path === '' ? 'sleeps' : `asks ${path}`);
    this.runner = new ContainerRunner({
      container,
      restartPolicy: 'Always',
      graceMs: 30_000,
      crashPolicy: kubeletCrashPolicy,
      retryMs: 500,
      folder: '/runs',
      clock: this.clock,
      host: this.host,
      before: null,
      prepare: async () => ({ kind: 'ready', argv: ['app'], target }),
      bareTarget: target,
      onChange: () => this.say(brief(this.runner.observation)),
      log: (line) => this.say(line),
      ...options,
    });
  }

  say(what: string): void {
    const line = `${(this.clock.nowMs() - this.#startMs) / 1000} ${what}`;
    if (this.told.at(-1) !== line) this.told.push(line);
  }

  run(): void {
    void this.runner.run().then(() => {
      this.ended = true;
      this.say('over');
    });
  }

  stop(graceMs: number, hook = true): void {
    void this.runner.stop(graceMs, hook);
  }

  async to(seconds: number): Promise<void> {
    await this.clock.runUntil(this.#startMs + seconds * 1000);
  }
}

function brief({ state, restartCount, ready }: ContainerObservation): string {
  const how =
    state.waiting?.reason ??
    (state.running === undefined ? `ended ${state.terminated?.exitCode}` : 'running');
  return `${how}${ready ? ', ready' : ''}${restartCount === 0 ? '' : `, restarts ${restartCount}`}`;
}

describe('a container', () => {
  test('that crashes is started again, at once and then later each time', async () => {
    const bench = new Bench({});
    bench.host.life = () => ({ ms: 1000, exitCode: 1 });
    bench.run();
    await bench.to(14);
    expect(bench.told).toMatchInlineSnapshot(`
      [
        "0 starts app",
        "0 running, ready",
        "1 ended 1",
        "1 starts app",
        "1 running, ready, restarts 1",
        "2 ended 1, restarts 1",
        "2 CrashLoopBackOff, restarts 1",
        "12 starts app",
        "12 running, ready, restarts 2",
        "13 ended 1, restarts 2",
        "13 CrashLoopBackOff, restarts 2",
      ]
    `);
    expect(bench.runner.observation.state.waiting?.message).toBe(
      'back-off 20s restarting failed container=app',
    );
    expect(bench.runner.observation.last).toMatchObject({ exitCode: 1, reason: 'Error' });
    bench.stop(30_000);
    await bench.to(15);
    expect(bench.told.slice(-2)).toEqual(['14 ended 1, restarts 2', '14 over']);
  });

  test('that ends well is over where its policy says so', async () => {
    const bench = new Bench({}, { restartPolicy: 'OnFailure' });
    bench.host.life = (attempt) => ({ ms: 1000, exitCode: attempt === 0 ? 1 : 0 });
    bench.run();
    await bench.to(60);
    expect(bench.told.slice(-3)).toEqual(['1 running, ready, restarts 1', '2 ended 0, restarts 1', '2 over']);
  });

  test('is ended by its hook, SIGTERM, and SIGKILL at the end of the grace', async () => {
    const bench = new Bench({ lifecycle: { preStop: { sleep: { seconds: 10 } } } });
    bench.host.drainMs = null;
    bench.run();
    await bench.to(1);
    bench.stop(30_000);
    await bench.to(60);
    expect(bench.told.slice(2)).toEqual(['1 sleeps', '11 TERM', '31 KILL', '31 ended 137', '31 over']);
  });

  test('has two seconds left after a hook that took all of the grace', async () => {
    const bench = new Bench({ lifecycle: { preStop: { httpGet: { path: 'hang', port: 80 } } } });
    bench.host.drainMs = null;
    bench.run();
    await bench.to(1);
    bench.stop(5000);
    await bench.to(60);
    expect(bench.told.slice(2)).toEqual([
      '1 asks hang',
      '6 app: preStop failed: aborted',
      '6 TERM',
      '8 KILL',
      '8 ended 137',
      '8 over',
    ]);
  });

  test('may be given less grace later, never more', async () => {
    const bench = new Bench({});
    bench.host.drainMs = null;
    bench.run();
    await bench.to(1);
    bench.stop(30_000);
    await bench.to(3);
    bench.stop(4000);
    bench.stop(60_000);
    await bench.to(60);
    expect(bench.told.slice(2)).toEqual(['1 TERM', '7 KILL', '7 ended 137', '7 over']);
  });

  test('ends within its grace, and is then not waited for', async () => {
    const bench = new Bench({});
    bench.host.drainMs = 2000;
    bench.run();
    await bench.to(1);
    bench.stop(30_000);
    await bench.to(60);
    expect(bench.told.slice(2)).toEqual(['1 TERM', '3 ended 0', '3 over']);
    expect(bench.clock.nextMs).toBe(null);
  });

  test('whose liveness probe fails is ended, hook and grace included, and started again', async () => {
    const bench = new Bench({
      livenessProbe: {
        httpGet: { path: 'l', port: 80 },
        periodSeconds: 1,
        failureThreshold: 2,
        terminationGracePeriodSeconds: 3,
      },
      lifecycle: { preStop: { sleep: { seconds: 1 } } },
    });
    bench.host.drainMs = null;
    let asked = 0;
    bench.host.answer = () => {
      asked += 1;
      return asked < 3 ? 'unwell' : null;
    };
    bench.run();
    await bench.to(5);
    expect(bench.told).toMatchInlineSnapshot(`
      [
        "0 starts app",
        "0 running, ready",
        "0 asks l",
        "1 asks l",
        "1 app: liveness probe failed: unwell",
        "1 sleeps",
        "2 TERM",
        "4 KILL",
        "4 ended 137",
        "4 starts app",
        "4 running, ready, restarts 1",
        "4 asks l",
        "5 asks l",
      ]
    `);
  });

  test('waits for what it needs', async () => {
    let tries = 0;
    const container = makeContainer({});
    const target = { container, ip: '10.244.0.7', env: {}, cwd: '/' };
    const prepare: RunnerOptions['prepare'] = async () => {
      tries += 1;
      if (tries > 2) return { kind: 'ready', argv: ['app'], target };
      return { kind: 'waiting', reason: 'CreateContainerConfigError', message: 'no secret' };
    };
    const bench = new Bench({}, { prepare });
    bench.run();
    await bench.to(2);
    expect(bench.told).toEqual([
      '0 CreateContainerConfigError',
      '0.5 CreateContainerConfigError',
      '1 starts app',
      '1 running, ready',
    ]);
  });

  test('stopped before it could start, it never starts', async () => {
    const prepare: RunnerOptions['prepare'] = async () => ({
      kind: 'waiting',
      reason: 'ErrImagePull',
      message: '',
    });
    const bench = new Bench({}, { prepare });
    bench.run();
    await bench.to(0.1);
    bench.stop(30_000);
    await bench.to(1);
    expect(bench.told).toEqual(['0 ErrImagePull', '0.1 over']);
  });

  const identity = { bootId: 'b', pid: 7, startTime: '1' };
  const state = { running: { startedAt: '2026-01-01T00:00:00Z' } };
  const before = {
    observation: observed({ state, started: true, ready: true, restartCount: 1 }),
    identity,
    attempt: 1,
  };

  test('that an earlier kubelet started runs on, and what it ends as is known', async () => {
    const bench = new Bench({ readinessProbe: { httpGet: { path: 'r', port: 80 } } }, { before });
    bench.host.life = (attempt) => (attempt === 1 ? { ms: 2000, exitCode: 3 } : null);
    bench.run();
    await bench.to(3);
    expect(bench.told).toMatchInlineSnapshot(`
      [
        "0 adopts 7",
        "0 asks r",
        "2 ended 3, restarts 1",
        "2 starts app",
        "2 running, restarts 2",
        "2 asks r",
        "2 running, ready, restarts 2",
      ]
    `);
    expect(bench.runner.record).toMatchObject({ attempt: 2, identity: { pid: 102 } });
    expect(bench.runner.observation.last).toMatchObject({ exitCode: 3, startedAt: '2026-01-01T00:00:00Z' });
  });

  test('that an earlier kubelet started is ended as it should be, also where its variables are gone', async () => {
    const prepare: RunnerOptions['prepare'] = async () => ({ kind: 'waiting', reason: 'x', message: '' });
    const bench = new Bench({ lifecycle: { preStop: { sleep: { seconds: 2 } } } }, { before, prepare });
    bench.stop(30_000);
    bench.run();
    await bench.to(60);
    expect(bench.told).toEqual(['0 adopts 7', '0 sleeps', '2 TERM', '2 ended 0, restarts 1', '2 over']);
  });

  test('that has ended for good is left alone', async () => {
    const terminated = { exitCode: 0, reason: 'Completed' };
    const done = { ...before, observation: observed({ state: { terminated }, last: terminated }) };
    const bench = new Bench({}, { before: done, restartPolicy: 'OnFailure' });
    bench.run();
    await bench.to(1);
    expect(bench.told).toEqual(['0 over']);
  });
});
