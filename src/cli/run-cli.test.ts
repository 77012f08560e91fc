import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeApi, fakeApi, fakeToken } from '../../test/fakes/api-dependencies.ts';
import { sampleServiceOfEngine } from '../../test/fakes/fake-commands.ts';
import { fakeHost, type FakeHost } from '../../test/fakes/fake-host.ts';
import { sampleEvent, sampleRecord } from '../../test/fakes/records.ts';
import { engineFilePath, tokenPath } from '../client/connection.ts';
import type { RolloutState } from '../rollout/state.ts';
import { createApi } from '../server/api.ts';
import { type ApiServer, listen } from '../server/listen.ts';
import { runCli } from './run-cli.ts';

let state: string;
let api: FakeApi;
let server: ApiServer;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'sluice-cli-'));
  api = fakeApi();
  server = await listen(createApi(api.dependencies), 0);
  await writeFile(tokenPath(state), fakeToken);
  const file = { version: 1, address: server.address, pid: 1_000_000_000, startedAtMs: 0 };
  await writeFile(engineFilePath(state), JSON.stringify(file));
});

afterEach(async () => {
  await server.close();
  await rm(state, { recursive: true });
});

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function run(argv: readonly string[], parts: Parameters<typeof fakeHost>[1] = {}): Promise<Ran> {
  const host = fakeHost(argv, { cwd: state, ...parts, env: { SLUICE_STATE: state, ...parts.env } });
  return await finish(host);
}

async function finish(host: FakeHost): Promise<Ran> {
  const exit = await runCli(host);
  return { exit, out: host.stdout.text, err: host.stderr.text };
}

const sampleMeasurement = {
  rollout: sampleRecord.identity.name,
  errors: 0,
  latency: null,
} as const;

/** The sample service with its rollout in another state. */
function putState(parts: Partial<RolloutState>): void {
  const service = sampleServiceOfEngine();
  api.commands.put({ ...service, rollout: { ...sampleRecord, state: { ...sampleRecord.state, ...parts } } });
}

test('version', async () => {
  expect(await run(['version'])).toEqual({ exit: 0, out: 'sluice 1.2.3\n', err: '' });
  expect(JSON.parse((await run(['version', '-o', 'json'])).out)).toMatchObject({
    schema: 'sluice.dev/view/v1',
    version: '1.2.3',
  });
});

test('help is on stdout and ends with 0', async () => {
  for (const argv of [[], ['--help'], ['wait', '--help']]) {
    const { exit, out } = await run(argv);
    expect([exit, out.startsWith('Usage: sluice')]).toEqual([0, true]);
  }
});

test('a wrong command line is 2, on stderr, with the nearest name', async () => {
  const unknown = await run(['promtoe', 'checkout']);
  expect(unknown).toEqual({
    exit: 2,
    out: '',
    err: "error: unknown command 'promtoe'\n(Did you mean promote?)\n",
  });
  expect((await run(['promote'])).exit).toBe(2);
  expect((await run(['wait', 'checkout', '--timout', '3s'])).err).toContain('(Did you mean --timeout?)');
  expect((await run(['list', '-o', 'xml'])).exit).toBe(2);
});

test('list in each format, the option on either side', async () => {
  expect((await run(['list'])).out).toMatchInlineSnapshot(`
    "SERVICE           STATE      VERSION        TRAFFIC      SINCE     WHY
    default/checkout  ◐ Holding  2.8.1 → 2.9.0  canary 25 %  6 m 00 s  6 of 10 minutes judged, all checks pass
    "
  `);
  expect((await run(['list', '-o', 'name'])).out).toBe('default/checkout\n');
  expect((await run(['-o', 'name', 'list'])).out).toBe('default/checkout\n');
  expect(JSON.parse((await run(['list', '-o', 'json'])).out)).toMatchObject({
    schema: 'sluice.dev/view/v1',
    kind: 'ServiceList',
  });
  expect((await run(['list', '-o', 'yaml'])).out.split('\n')[0]).toBe('schema: sluice.dev/view/v1');
  expect(JSON.parse((await run(['list', '-o', 'jsonl'])).out.trimEnd())).toMatchObject({
    key: 'default/checkout',
  });
});

test('get, why and history', async () => {
  expect((await run(['get', 'checkout'])).out).toContain('25 %  6 m 00 s of 10 m');
  expect((await run(['get', 'checkout', '--source'])).out).toContain('kind: Process');
  expect((await run(['why', 'default/checkout'])).out).toMatch(/^default\/checkout sends 25 % .*\n$/);
  expect((await run(['history', 'checkout', '-o', 'name'])).out).toBe('checkout-77aa-1\n');
});

test('history --trace prints what a rollout served, for judge', async () => {
  expect(await run(['history', 'checkout', '--trace'])).toEqual({
    exit: 0,
    out: '',
    err: 'no requests were recorded for checkout-77aa-1\n',
  });
  const row = { rollout: 'checkout-77aa-1', check: 'requests', durationMs: 1_000, value: null } as const;
  const latency = { bounds: [0.1, 1], cumulative: [7, 9] };
  const first = { ...row, atMs: 1_767_225_601_000 };
  const second = { ...row, atMs: 1_767_225_602_000, latency: null };
  api.recorder.measured.push(
    { ...first, arm: 'canary', requests: 10, errors: 1, latency },
    { ...first, arm: 'stable', requests: 90, errors: 0, latency },
    { ...first, check: 'queue', arm: 'canary', requests: 0, errors: 0, latency: null, value: 3 },
    { ...second, arm: 'canary', requests: 0, errors: 1 },
  );
  const { exit, out } = await run(['history', 'checkout', '--trace', 'checkout-77aa-1']);
  expect(exit).toBe(0);
  expect(out).toMatchInlineSnapshot(`
    "{"at":"2026-01-01T00:00:01.000Z","from":"2026-01-01T00:00:00.000Z","canary":{"requests":10,"errors":1,"latency":{"unit":"s","bounds":[0.1,1],"cumulative":[7,9]}},"stable":{"requests":90,"errors":0,"latency":{"unit":"s","bounds":[0.1,1],"cumulative":[7,9]}}}
    {"at":"2026-01-01T00:00:02.000Z","canary":{"requests":1,"errors":1}}
    "
  `);
  expect((await run(['judge', '--trace', '-', '-o', 'name'], { stdin: out })).out).toBe('fail\n');
  const document: unknown = JSON.parse((await run(['history', 'checkout', '--trace', '-o', 'json'])).out);
  expect(document).toMatchObject({ kind: 'Trace', rollout: 'checkout-77aa-1', blocks: [{}, {}] });
  expect((await run(['history', 'checkout', '--trace', 'checkout-77aa-2'])).err).toContain(
    'default/checkout has no rollout "checkout-77aa-2". Did you mean "checkout-77aa-1"?',
  );
});

test('an unknown service is 8 and names the nearest', async () => {
  const { exit, out, err } = await run(['why', 'chekcout']);
  expect([exit, out]).toEqual([8, '']);
  expect(err).toMatchInlineSnapshot(`
    "error: there is no service "chekcout". Did you mean "checkout"?
      Run "sluice list" to see the names.
      code not-found, exit 8
    "
  `);
  expect(JSON.parse((await run(['why', 'chekcout', '-o', 'json'])).err)).toMatchObject({
    code: 'not-found',
    exit: 8,
  });
});

test('no engine is 10, a wrong token is 9', async () => {
  await writeFile(tokenPath(state), 'x');
  expect((await run(['list'])).exit).toBe(9);
  await rm(engineFilePath(state));
  expect((await run(['list'])).exit).toBe(10);
});

test('the eight actions reach the engine with reason and actor', async () => {
  const kinds = ['promote', 'advance', 'pause', 'resume', 'approve', 'reject', 'rollback', 'retry'];
  for (const kind of kinds) expect((await run([kind, 'checkout', '-r', 'because'])).exit).toBe(0);
  expect(api.commands.asked).toEqual(kinds.map((kind) => `${kind} default/checkout because by person ada`));
  await run(['pause', 'checkout'], { env: { CI: 'true', GITHUB_ACTOR: 'octo' } });
  expect(api.commands.asked.at(-1)).toBe('pause default/checkout by pipeline octo');
});

test('delete does nothing without a yes', async () => {
  expect((await run(['delete', 'checkout'])).exit).toBe(2);
  expect(api.commands.asked).toEqual([]);
  expect((await run(['delete', 'checkout', '--yes'])).exit).toBe(0);
  expect(api.commands.asked).toEqual(['delete default/checkout by person ada']);
});

test('deploy prints the revision and nothing else', async () => {
  const { exit, out } = await run(['deploy', 'checkout', '--set', 'args=--fast now', 'env.VERSION=v2']);
  expect(exit).toBe(0);
  expect(out).toMatch(/^[0-9a-f]{10}\n$/);
  expect((await run(['deploy', 'checkout'])).exit).toBe(2);
  expect((await run(['deploy', 'checkout', '--set', 'image=x'])).err).toContain(
    'the key is command, args or env.NAME',
  );
});

test('apply takes files and stdin; a broken one is 2 with its findings', async () => {
  const good =
    'apiVersion: sluice.dev/v1alpha1\nkind: Process\nmetadata: {name: web}\nspec: {command: [x], listen: {port: 8081}}\n';
  await writeFile(join(state, 'web.yaml'), good);
  expect((await run(['apply', 'web.yaml', '-o', 'name'])).out).toBe('default/web\n');
  expect((await run(['apply', '-f', '-', '-o', 'name'], { stdin: good })).out).toBe('default/web\n');
  await writeFile(
    join(state, 'bad.yaml'),
    'apiVersion: sluice.dev/v1alpha1\nkind: Process\nmetadata: {name: web}\nspec: {comand: [x]}\n',
  );
  const bad = await run(['apply', 'bad.yaml']);
  expect([bad.exit, bad.out]).toEqual([2, '']);
  expect(bad.err).toContain('bad.yaml:4:');
  expect((await run(['apply', 'none.yaml'])).err).toContain('cannot read none.yaml: it does not exist');
  expect((await run(['apply'])).exit).toBe(2);
});

test('lint ends with 2 where there is an error, and its JSON has the documented members', async () => {
  await writeFile(
    join(state, 'bad.yaml'),
    'apiVersion: sluice.dev/v1alpha1\nkind: Process\nmetadata: {name: web}\nspec: {comand: [x]}\n',
  );
  const { exit, out } = await run(['lint', 'bad.yaml', '-o', 'json']);
  expect(exit).toBe(2);
  const { findings } = JSON.parse(out) as { findings: Record<string, unknown>[] };
  expect(Object.keys(findings[0] ?? {}).toSorted()).toEqual([
    'code',
    'column',
    'file',
    'fix',
    'line',
    'message',
    'severity',
    'why',
  ]);
});

test('what init writes is free of errors, and is never written over a file', async () => {
  const cwd = join(state, 'shop');
  await mkdir(cwd);
  const first = await run(['init'], { cwd });
  expect([first.exit, first.out]).toEqual([0, `${join(cwd, 'sluice.yaml')}\n`]);
  const linted = await run(['lint', 'sluice.yaml'], { cwd });
  expect([linted.exit, linted.out]).toEqual([0, '']);
  const text = await readFile(join(cwd, 'sluice.yaml'), 'utf8');
  const second = await run(['init', 'shop']);
  expect([second.exit, second.out]).toEqual([2, '']);
  expect(await readFile(join(cwd, 'sluice.yaml'), 'utf8')).toBe(text);
  expect((await run(['plan', 'sluice.yaml', '--rps', '100'], { cwd })).out).toMatchInlineSnapshot(`
    "default/shop   about 8 m at the earliest, at 100 requests a second
    FROM  FOR  WHAT                         REQUESTS  FINDS WITH 90 %              GATE
    +0 s  0 s  start the canary
    +0 s  1 m  10 %                         600       errors of 4.3 %, slow 4.3 %  its forecast
    +1 m  2 m  25 %                         3 000     errors of 2.2 %, slow 2.2 %  its forecast
    +3 m  3 m  50 %                         9 000     errors of 1.7 %, slow 1.7 %  its forecast
    +6 m  0 s  promote
    +6 m  2 m  bake at 100 %                12 000
    +8 m  0 s  roll the idle stable, drain
    Taken back: users safe 100 ms after the decision, drained within 30 s.
    A canary that is bad from the start, at the traffic of the first step:
    ERRORS  BACK AFTER  FAILED UNTIL THEN
    1 %                                    its limit allows that: found only where stable has fewer
    5 %     18 s        about 9
    50 %    2 s         about 10
    Under threshold a release at half the limit of error-rate would be rolled back in 4.2 % of rollouts.
    At most 1 % of healthy releases are rolled back by the statistical checks (error-rate, latency):
    holds under two assumptions, docs/judge.md.
    "
  `);
});

test('plan of a running service reckons with the traffic of its last rollouts, unless it is told another', async () => {
  const row = { ...sampleMeasurement, check: 'requests', atMs: 1000, durationMs: 1000, value: null };
  api.recorder.measured.push(
    { ...row, arm: 'canary', requests: 20 },
    { ...row, arm: 'stable', requests: 60 },
    { ...row, arm: 'canary', atMs: 5000, durationMs: 0, requests: 0, value: 7 },
  );
  const asked = await run(['plan', 'checkout', '-o', 'json']);
  const { plans } = JSON.parse(asked.out) as { plans: readonly { readonly traffic: unknown }[] };
  expect(plans.map(({ traffic }) => traffic)).toEqual([
    { from: 'history', requestsPerSecond: 80, rollouts: 1 },
  ]);
  expect((await run(['plan', 'checkout'])).out).toContain(
    'at 80 requests a second, as in its last rollout\n',
  );
  expect((await run(['plan', 'checkout', '--rps', '1'])).out).toContain('at 1 request a second\n');
});

test('lint --rps says what the steps can see then', async () => {
  await run(['init'], { cwd: state });
  const { exit, out } = await run(['lint', 'sluice.yaml', '--rps', '1']);
  expect([exit, out]).toEqual([0, expect.stringContaining('limit-not-observable: At 1 request a second')]);
});

test('wait returns when the rollout ended, however it ended', async () => {
  const ends = [
    ['Promoted', 0],
    ['RolledBack', 3],
    ['Aborted', 4],
    ['Failed', 1],
    ['Superseded', 7],
  ] as const;
  for (const [name, exit] of ends) {
    putState({ name, message: 'so it ended' });
    const ran = await run(['wait', 'checkout', '--revision', '77aa']);
    expect([ran.exit, ran.out]).toEqual([exit, expect.stringContaining(`checkout 2.9.0: ${name}`)]);
  }
});

test('wait follows the stream to the end, a plain line a change', async () => {
  const host = fakeHost(['wait', 'checkout'], { env: { SLUICE_STATE: state } });
  const ran = finish(host);
  await expect.poll(() => host.stderr.text).toContain('canary 25 %');
  putState({
    name: 'RollingBack',
    reason: 'check-failed',
    route: { routing: { kind: 'weight', weightPercent: 0 }, tombstone: true },
  });
  await expect.poll(() => host.stderr.text).toContain('RollingBack');
  putState({ name: 'RolledBack', reason: 'check-failed', message: 'errors' });
  expect((await ran).exit).toBe(3);
  const lines = host.stderr.text.trimEnd().split('\n');
  expect(lines.every((line) => /^\d{4}-\d\d-\d\dT[\d:]+Z checkout 2\.9\.0: /.test(line))).toBe(true);
  expect(new Set(lines).size).toBe(lines.length);
});

test('wait: time over is 5, a revision that never comes is 8, a service that never comes is 8', async () => {
  expect((await run(['wait', 'checkout', '--timeout', '300ms'])).exit).toBe(5);
  expect((await run(['wait', 'checkout', '--revision', '99cc', '--observe-timeout', '300ms'])).exit).toBe(8);
  expect((await run(['wait', 'nobody', '--observe-timeout', '300ms'])).exit).toBe(8);
});

test('wait: an approval that nobody is to wait for is 6; other aims are 0', async () => {
  putState({ name: 'AwaitingApproval', owner: 'person' });
  expect((await run(['wait', 'checkout', '--no-wait-for-approval'])).exit).toBe(6);
  expect((await run(['wait', 'checkout', '--for', 'approval'])).exit).toBe(0);
  expect((await run(['wait', 'checkout', '--for', 'weight=25'])).exit).toBe(0);
  expect((await run(['wait', 'checkout', '--for', 'lunch'])).exit).toBe(2);
});

test('Ctrl-C detaches from a wait with 130 and says how to go on', async () => {
  const host = fakeHost(['wait', 'checkout'], { env: { SLUICE_STATE: state } });
  const ran = finish(host);
  await expect.poll(() => host.stderr.text).toContain('canary 25 %');
  host.interrupt();
  expect((await ran).exit).toBe(130);
  expect(host.stderr.text).toContain('detached; what was begun goes on');
  expect(host.stderr.text).toContain('sluice rollback checkout');
  expect(api.commands.asked).toEqual([]);
});

test('watch ends with the rollout it saw running, and streams objects as jsonl', async () => {
  const host = fakeHost(['watch', 'checkout', '-o', 'jsonl'], { env: { SLUICE_STATE: state } });
  const ran = finish(host);
  await expect.poll(() => host.stdout.text).toContain('"type":"snapshot"');
  api.recorder.record(sampleEvent(1));
  await expect.poll(() => host.stdout.text).toContain('"event 1"');
  putState({ name: 'Promoted', reason: 'succeeded' });
  expect((await ran).exit).toBe(0);
  for (const line of host.stdout.text.trimEnd().split('\n'))
    expect(JSON.parse(line)).toMatchObject({ schema: 'sluice.dev/view/v1' });
});

test('logs carry arm and replica', async () => {
  await writeFile(join(state, 'a.log'), 'hello\n');
  api.logs.push({ arm: 'canary', revision: '77aa', replica: 'r7', path: join(state, 'a.log') });
  expect((await run(['logs', 'checkout'])).out).toBe('canary r7 hello\n');
  expect(JSON.parse((await run(['logs', 'checkout', '-o', 'jsonl'])).out)).toMatchObject({
    replica: 'r7',
    line: 'hello',
  });
});

test('quiet leaves the result alone', async () => {
  expect((await run(['promote', 'checkout', '-q'])).err).toBe('');
});

test('completion scripts know the commands', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { exit, out } = await run(['completion', shell]);
    expect([exit, out.includes('promote'), out.includes('--timeout') || out.includes('-l timeout')]).toEqual([
      0,
      true,
      true,
    ]);
  }
  expect((await run(['completion', 'tcsh'])).exit).toBe(2);
});

test('doctor tells what is wrong', async () => {
  const { exit, out } = await run(['doctor']);
  expect(exit).toBe(1);
  expect(out).toContain('nothing listens on http://127.0.0.1:8080');
});

test('an audit export is verified by the record', async () => {
  await writeFile(join(state, 'export.jsonl'), '{}\n');
  const broken = { ok: false, records: 0, message: 'line 1: it is no record' };
  const ran = await run(['audit', 'verify', 'export.jsonl'], {
    local: { verifyAudit: () => Promise.resolve(broken) },
  });
  expect([ran.exit, ran.out]).toEqual([1, 'line 1: it is no record\n']);
  expect((await run(['audit', 'verify', 'none.jsonl'])).exit).toBe(2);
});

test('up hands its options on', async () => {
  const asked: unknown[] = [];
  const local = {
    up: (options: unknown) => {
      asked.push(options);
      return Promise.resolve(0);
    },
  };
  await run(['up', '-d', '-f', 'a.yaml', '--api-port', '7000'], { local });
  expect(asked).toEqual([
    { state, alertUrl: null, apiPort: 7_000, detach: true, files: [join(state, 'a.yaml')], quiet: false },
  ]);
});
