import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { judgeOf } from '../analysis/judges.ts';
import type { Commands } from '../engine/commands.ts';
import { cryptographicRandom } from '../engine/cryptographic-random.ts';
import { Engine } from '../engine/engine.ts';
import type { Clock, Notifier } from '../engine/ports.ts';
import { createEgress, type Egress } from '../hooks/egress.ts';
import { createHookCaller } from '../hooks/hook-caller.ts';
import { CombinedSource } from '../metrics/combined-source.ts';
import { GaugeSource } from '../metrics/gauge-source.ts';
import { PrometheusSource } from '../metrics/prometheus-source.ts';
import { ProxySource } from '../metrics/proxy-source.ts';
import { AllNotifiers } from '../notify/all-notifiers.ts';
import { LogNotifier } from '../notify/log-notifier.ts';
import { WebhookNotifier } from '../notify/webhook-notifier.ts';
import { SluiceError } from '../lib/error.ts';
import { LocalPlatform } from '../platform/local/local-platform.ts';
import type { OpenRecord } from '../record/open.ts';
import { decide } from '../rollout/decide.ts';
import { createApi } from '../server/api.ts';
import { assertPortFree, listen } from '../server/listen.ts';
import type { Log } from './engine-log.ts';
import { openNameRegistry } from './name-registry.ts';
import { replicaLogs } from './replica-logs.ts';
import { selfCommand } from './self-command.ts';
import { ensureToken, removeEngineFile, writeEngineFile } from './state-directory.ts';
import { version } from './version.ts';

export interface EngineProcessOptions {
  readonly state: string;
  readonly apiPort: number;
  readonly clock: Clock;
  /** Opened first of all, since it holds the lock: a second engine on the directory must change nothing. Closed at the end. */
  readonly record: OpenRecord;
  readonly log: Log;
  /** Alerts (warn and error) are posted there too; null = to the log alone. */
  readonly alertUrl: string | null;
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
 * The engine of one machine, put together and started: platform, metrics, hooks, loop, API on its opened record. Rejects
 * with SluiceError (`keeper-unreachable`, `port-in-use`, ...), having closed what was open.
 */
export async function startEngineProcess(options: EngineProcessOptions): Promise<EngineProcess> {
  const { state, clock, record, log } = options;
  await using started = new AsyncDisposableStack();
  started.defer(() => record.close());
  // Before the keeper is started, which would be left behind.
  if (options.apiPort !== 0) await assertPortFree(options.apiPort);
  const startedAtMs = clock.nowMs();
  const platform = new LocalPlatform({
    stateDir: state,
    keeperCommand: selfCommand('_keeper', state),
    onTrouble: (message) => log('warn', message),
  });
  started.defer(() => platform.close());
  const [token] = await Promise.all([ensureToken(state), platform.start()]);
  const names = openNameRegistry(join(state, 'names.json'), () => platform.names());
  const egress = createEgress({
    allowLoopback: true,
    resolveName: (name) => names.resolve(name),
  });
  started.defer(() => egress.close());
  const prometheus = new PrometheusSource({
    queriesOf: (key) => engine.commands.get(key).canary.spec.queries ?? {},
  });
  started.defer(() => prometheus.close());
  const engine: Engine = new Engine({
    platform,
    metrics: new CombinedSource({
      proxy: new ProxySource(platform),
      prometheus,
      gauges: new GaugeSource(platform),
    }),
    hooks: createHookCaller({
      egress,
      nowMs: () => clock.nowMs(),
      sleep: (durationMs, signal) => sleep(durationMs, undefined, { signal }),
    }),
    store: record.store,
    recorder: record.recorder,
    notifier: notifierOf(options, egress, clock),
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

const alertLimitMs = 5_000;

function notifierOf({ alertUrl, log }: EngineProcessOptions, egress: Egress, clock: Clock): Notifier {
  const toLog = new LogNotifier(log);
  if (alertUrl === null) return toLog;
  const toWebhook = new WebhookNotifier({
    name: 'the alert webhook',
    minSeverity: 'warn',
    clock,
    log,
    send: async (body, idempotencyKey) => {
      const { status } = await egress.send({
        method: 'POST',
        url: alertUrl,
        headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
        body,
        timeoutMs: alertLimitMs,
      });
      if (status < 200 || status > 299)
        throw new SluiceError({ code: 'hook-failed', message: `it answered ${status}` });
    },
  });
  return new AllNotifiers([toLog, toWebhook]);
}
