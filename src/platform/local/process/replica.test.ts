import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ProcessTemplate } from '../../../resource/service-spec.ts';
import { appTemplate, isRunning, readyProbe, until } from '../testing/platform-rig.ts';
import { keeperMark } from './environment.ts';
import { freePort } from './free-port.ts';
import { processesWithEnvironment } from './identity.ts';
import { LogKeeping } from './log-keeping.ts';
import { Replica, type ReplicaHost } from './replica.ts';

let folder: string;
let logs: LogKeeping;
let changes: number;
let host: ReplicaHost;
const drained: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-replica-'));
  logs = new LogKeeping();
  changes = 0;
  drained.length = 0;
  host = {
    keeperId: folder,
    outerEnv: { ...process.env, SECRET: 'ours' },
    logs,
    logFolder: folder,
    changed: () => {
      changes += 1;
    },
    drained: (endpointId) => {
      drained.push(endpointId);
      return Promise.resolve();
    },
    portUser: () => null,
  };
});

afterEach(() => {
  for (const pid of processesWithEnvironment(keeperMark, folder)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }
  logs.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(template: ProcessTemplate): Replica {
  const replica = new Replica('stable', 'r1', template, host, null);
  replica.start();
  return replica;
}

const trace = (): readonly string[] => {
  const path = join(folder, 'trace');
  return existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
};
const app = (mood: string, change: Partial<ProcessTemplate> = {}): ProcessTemplate =>
  appTemplate({ MOOD: mood, TRACE: join(folder, 'trace') }, change);
const answer = async (replica: Replica, path: string): Promise<string> =>
  (await fetch(`http://127.0.0.1:${replica.port}${path}`)).text();

test('starts, becomes an endpoint when ready, drains, gets SIGTERM, and is gone', async () => {
  const replica = start(app(''));
  expect(replica.endpoint()).toBeNull();
  await until('ready', () => replica.status().ready);
  const endpoint = replica.endpoint();
  expect(endpoint).toMatchObject({ arm: 'stable', revision: 'r1', host: '127.0.0.1', state: 'ready' });
  const { pid } = replica.status();
  const stopped = replica.stop();
  expect(replica.endpoint()).toEqual({ ...endpoint, state: 'draining' });
  await stopped;
  expect(drained).toEqual([endpoint?.id]);
  expect(trace()).toEqual(['SIGTERM']);
  expect([replica.gone, replica.endpoint(), isRunning(pid ?? 0)]).toEqual([true, null, false]);
});

test('a process gets what its template says and its port, and nothing of the secrets around it', async () => {
  const script = 'console.log(JSON.stringify(process.env)); setInterval(() => {}, 1000)';
  const replica = start(app('', { command: [process.execPath, '-e', script], env: { GREETING: 'hello' } }));
  const log = replica.status().log;
  await until('its output', () => readFileSync(log, 'utf8').endsWith('\n'));
  const env = JSON.parse(readFileSync(log, 'utf8')) as Record<string, string>;
  expect(env).toMatchObject({ GREETING: 'hello', PORT: String(replica.port) });
  expect(env['SECRET']).toBeUndefined();
  await replica.stop();
});

test('a crash is restarted as another endpoint, later each time', async () => {
  const replica = start(app(''));
  await until('ready', () => replica.status().ready);
  const first = replica.endpoint();
  const fallen = performance.now();
  await answer(replica, '/crash').catch(() => undefined);
  await until('the end', () => replica.status().phase === 'waiting');
  expect(replica.endpoint()).toBeNull();
  expect(replica.status()).toMatchObject({ restarts: 1, failure: null, message: 'exited with code 1' });
  await until('ready again', () => replica.status().ready);
  expect(performance.now() - fallen).toBeGreaterThan(900);
  expect(replica.endpoint()?.id).not.toBe(first?.id);
  await replica.stop();
});

test('a process that exits at once is said to be in a crash loop', async () => {
  const replica = start(app('exit'));
  await until('the word', () => replica.status().failure !== null);
  expect(replica.status().failure).toBe('crash-loop: the process exited with code 3, 3 times in a row');
  await replica.stop();
  expect(replica.gone).toBe(true);
});

test.each([
  [['/no/such/command'], null, 'process-start-failed: "/no/such/command" was not found'],
  [
    [process.execPath],
    '/no/such/folder',
    `process-start-failed: "${process.execPath}" was not found in /no/such/folder`,
  ],
])('a command that cannot be started is named: %s in %s', async (command, workingDir, message) => {
  const replica = start(app('', { command, workingDir }));
  await until('the word', () => replica.status().failure !== null);
  expect(replica.status().failure).toBe(message);
  await replica.stop();
});

test('a file that may not be executed is named', async () => {
  const path = join(folder, 'not-a-program');
  writeFileSync(path, '', { mode: 0o600 });
  const replica = start(app('', { command: [path] }));
  await until('the word', () => replica.status().failure !== null);
  expect(replica.status().failure).toBe(`process-start-failed: "${path}" may not be executed`);
  await replica.stop();
});

test('a fixed port that another replica has is not started against', async () => {
  host = { ...host, portUser: () => 'stable of default/shop' };
  const port = await freePort();
  const replica = start(app('', { port }));
  await until('the word', () => replica.status().failure !== null);
  expect(replica.status().failure).toBe(
    `process-start-failed: port ${port} is used by stable of default/shop`,
  );
  await replica.stop();
});

test('one that ignores SIGTERM is killed at the end of its grace period, with all that it started', async () => {
  const replica = start(app('stubborn', { terminationGracePeriodSeconds: 0.3 }));
  await until('ready', () => replica.status().ready);
  const from = performance.now();
  await replica.stop();
  expect(trace()).toEqual(['SIGTERM ignored']);
  expect(performance.now() - from).toBeGreaterThan(250);
  expect(processesWithEnvironment(keeperMark, folder)).toEqual([]);
});

test('children of a process end with it', async () => {
  const replica = start(app('parent'));
  await until('ready', () => replica.status().ready);
  expect(processesWithEnvironment(keeperMark, folder)).toHaveLength(2);
  await replica.stop();
  expect(processesWithEnvironment(keeperMark, folder)).toEqual([]);
});

test('preStop runs before SIGTERM and within the grace period', async () => {
  const command = [
    process.execPath,
    '-e',
    `require('fs').appendFileSync(process.env.TRACE, 'preStop ' + process.env.PORT + '\\n')`,
  ];
  const replica = start(app('', { preStop: { kind: 'exec', command } }));
  await until('ready', () => replica.status().ready);
  await replica.stop();
  expect(trace()).toEqual([`preStop ${replica.port}`, 'SIGTERM']);
});

test('a preStop that takes the whole grace period leaves no more than that much again', async () => {
  const replica = start(
    app('stubborn', { preStop: { kind: 'sleep', seconds: 60 }, terminationGracePeriodSeconds: 0.3 }),
  );
  await until('ready', () => replica.status().ready);
  const from = performance.now();
  await replica.stop();
  expect(performance.now() - from).toBeLessThan(3_000);
  expect(trace()).toEqual(['SIGTERM ignored']);
});

test('never ready: never an endpoint; no longer ready: drained, but not restarted', async () => {
  const never = start(app('never-ready'));
  const replica = start(app('', { readinessProbe: { ...readyProbe, periodSeconds: 0.1 } }));
  await until('ready', () => replica.status().ready);
  const endpoint = replica.endpoint();
  await answer(replica, '/unready');
  await until('not ready', () => !replica.status().ready);
  expect(replica.endpoint()).toEqual({ ...endpoint, state: 'draining' });
  expect(replica.status()).toMatchObject({ restarts: 0, message: 'status 503' });
  expect(never.endpoint()).toBeNull();
  await Promise.all([never.stop(), replica.stop()]);
});

test('a failing liveness probe ends the process in good order and starts it anew', async () => {
  // Without the startup probe a slow start would be taken for a failure, as in Kubernetes.
  const startupProbe = { ...readyProbe, failureThreshold: 60 };
  const livenessProbe = { ...readyProbe, periodSeconds: 0.1 };
  const replica = start(app('', { startupProbe, livenessProbe }));
  await until('ready', () => replica.status().ready);
  const { pid } = replica.status();
  await answer(replica, '/unready');
  await until('a restart', () => replica.status().restarts === 1);
  expect(trace()).toEqual(['SIGTERM']);
  expect(replica.status().message).toBe('exited with code 0 after liveness probe: status 503');
  await until('ready again', () => replica.status().ready);
  expect(replica.status().pid).not.toBe(pid);
  await replica.stop();
});

test('a startup probe holds the others back, and gives up by its own count', async () => {
  const startupProbe = { ...readyProbe, periodSeconds: 0.2, failureThreshold: 2 };
  const replica = start(
    app('never-ready', { startupProbe, readinessProbe: null, livenessProbe: readyProbe }),
  );
  await until('a restart', () => replica.status().restarts === 1);
  expect(replica.endpoint()).toBeNull();
  expect(replica.status().message).toMatch('after startup probe: ');
  await replica.stop();
});

test('without any probe a replica is ready when its port is open', async () => {
  const slow =
    'setTimeout(() => require("http").createServer((q, a) => a.end("ok")).listen(process.env.PORT, "127.0.0.1"), 300)';
  const replica = start(app('', { command: [process.execPath, '-e', slow], readinessProbe: null }));
  await until('ready', () => replica.status().ready);
  expect(await answer(replica, '/')).toBe('ok');
  await replica.stop();
});

test('a flood of output never fills the disk', async () => {
  const replica = start(app('chatty'));
  const { log } = replica.status();
  await until('a rotation', () => existsSync(`${log}.1`), 20_000);
  await until('a second one', () => existsSync(`${log}.2`), 20_000);
  expect(statSync(`${log}.1`).size).toBeLessThanOrEqual(10 * 1024 * 1024);
  expect(existsSync(`${log}.3`)).toBe(false);
  await replica.stop();
});

test('its record is enough for another keeper to take it over and to end it', async () => {
  const replica = start(app(''));
  await until('ready', () => replica.status().ready);
  const record = replica.record();
  const adopted = new Replica('stable', 'r1', app(''), host, record);
  if (record.identity !== null) adopted.adopt(record.identity, record.ready);
  expect(adopted.endpoint()).toEqual(replica.endpoint());
  await adopted.stop();
  expect(isRunning(record.identity?.pid ?? 0)).toBe(false);
  await replica.stop();
});
