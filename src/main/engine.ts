import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { judgeOf } from '../analysis/judges.ts';
import { monotonicClock } from '../engine/clock.ts';
import type { Commands } from '../engine/commands.ts';
import { cryptographicRandom } from '../engine/cryptographic-random.ts';
import { Engine } from '../engine/engine.ts';
import { createEgress } from '../hooks/egress.ts';
import { createHookCaller } from '../hooks/hook-caller.ts';
import { ProxySource } from '../metrics/proxy-source.ts';
import { LocalPlatform } from '../platform/local/local-platform.ts';
import { openRecord } from '../record/open.ts';
import { decide } from '../rollout/decide.ts';
import { createApi } from '../server/api.ts';
import { listen } from '../server/listen.ts';
import type { Log } from './engine-log.ts';
import { openNameRegistry } from './name-registry.ts';
import { replicaLogs } from './replica-logs.ts';
import { entryUrl, selfCommand } from './self-command.ts';
import { ensureToken, makeStateDirectory, removeEngineFile, writeEngineFile } from './state-directory.ts';
import { version } from './version.ts';

export interface EngineProcessOptions {
  readonly state: string;
  readonly apiPort: number;
  readonly log: Log;
  /** Somebody asked over the API to stop; with `all`, also proxy and applications. */
  readonly onStopAsked: (all: boolean) => void;
}

export interface EngineProcess {
  /** Of the API, such as `http://127.0.0.1:41234`. */
  readonly address: string;
  readonly commands: Commands;
  /** With `all`, proxy workers drain and applications stop first; without, they serve on. */
  stop(all: boolean): Promise<void>;
}

/**
 * The engine of one machine, put together and started: record, platform, metrics, hooks, loop, API. Rejects with
 * SluiceError (`state-locked`, `state-newer`, `port-in-use`, ...), having stopped what it had started.
 */
export async function startEngineProcess(options: EngineProcessOptions): Promise<EngineProcess> {
  const { state, log } = options;
  await using started = new AsyncDisposableStack();
  await makeStateDirectory(state);
  const clock = monotonicClock(0);
  const startedAtMs = clock.nowMs();
  // First of all, since it holds the lock: a second engine on this directory must change nothing.
  const record = await openRecord({ directory: state, clock, workerUrl: entryUrl(), log });
  started.defer(() => record.close());
  const platform = new LocalPlatform({
    stateDir: state,
    keeperCommand: selfCommand('_keeper', state),
    onTrouble: (message) => log('warn', message),
  });
  started.defer(() => platform.close());
  const [token] = await Promise.all([ensureToken(state), platform.start()]);
  const names = openNameRegistry(join(state, 'names.json'));
  const egress = createEgress({
    allowLoopback: true,
    resolveName: (name) => names.resolve(name) ?? platform.names()[name] ?? null,
  });
  started.defer(() => egress.close());
  const engine = new Engine({
    platform,
    metrics: new ProxySource(platform),
    hooks: createHookCaller({
      egress,
      nowMs: () => clock.nowMs(),
      sleep: async (durationMs, signal) => void (await sleep(durationMs, undefined, { signal })),
    }),
    store: record.store,
    recorder: record.recorder,
    notifier: { notify: (key, { severity, message }) => log(severity, `${key}: ${message}`) },
    clock,
    random: cryptographicRandom(),
    judgeOf,
    decide,
    log,
  });
  let lastSequence = record.lastSequence;
  started.defer(record.recorder.subscribe((event) => (lastSequence = event.sequence)));
  await engine.start();
  started.defer(() => engine.stop());
  const api = createApi({
    version,
    pid: process.pid,
    state,
    startedAtMs,
    nowMs: () => clock.nowMs(),
    token,
    commands: engine.commands,
    recorder: record.recorder,
    lastSequence: () => lastSequence,
    logs: (key) => replicaLogs(state, key),
    names,
    notReady: () => (platform.workers().length > 0 ? [] : ['no proxy worker runs']),
    stop: options.onStopAsked,
    log,
  });
  const server = await listen(api, options.apiPort);
  started.defer(() => server.close());
  await writeEngineFile(state, { version: 1, address: server.address, pid: process.pid, startedAtMs });
  started.defer(() => removeEngineFile(state));
  const parts = started.move();
  return {
    address: server.address,
    commands: engine.commands,
    stop: async (all) => {
      // While applications drain the loop must not start them again.
      await engine.stop();
      if (all) await platform.shutdown();
      await parts.disposeAsync();
    },
  };
}
