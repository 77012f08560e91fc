import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fakeHost } from '../../../test/fakes/fake-host.ts';
import { runCli } from '../run-cli.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-judge-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** `sluice judge …` on a trace in a file. */
async function judge(trace: string, ...options: readonly string[]): Promise<Ran> {
  await writeFile(join(folder, 'a.trace'), trace);
  return await run(['judge', '--trace', 'a.trace', ...options]);
}

async function run(argv: readonly string[], stdin = ''): Promise<Ran> {
  const host = fakeHost(argv, { cwd: folder, stdin });
  const exit = await runCli(host);
  return { exit, out: host.stdout.text, err: host.stderr.text };
}

const header = 'at,canary_requests,canary_errors,stable_requests,stable_errors';

function csv(errors: readonly number[]): string {
  const rows = errors.map((count, index) => `${1_767_225_605 + index * 5},50,${count},450,0`);
  return `${[header, ...rows].join('\n')}\n`;
}

const good = csv(Array.from({ length: 60 }, () => 0));
const bad = csv([0, 0, 0, 3, 4, 2, 3]);
/** Flagger's judge fails one interval after it has seen enough. */
const long = csv([0, 0, 0, 3, 4, 2, 3, 3, 3, 3, 3]);

/** Blocks of a canary of which each 50 requests take as long as said: within 1 s, 2 s, or longer. */
function slow(within1: number, within2: number): string {
  const latency = { unit: 's', bounds: [1, 2], cumulative: [within1, within2] };
  return Array.from({ length: 40 }, (_, index) =>
    JSON.stringify({ at: 1_767_225_605 + index * 5, canary: { requests: 50, errors: 0, latency } }),
  ).join('\n');
}

describe('for people', () => {
  test('a good release', async () => {
    const { exit, out, err } = await judge(good);
    expect([exit, err]).toEqual([0, '']);
    expect(out).toMatchInlineSnapshot(`
      "a.trace: 60 blocks, 2026-01-01 00:00:00 to 00:05:00 UTC; canary 3 000 requests, stable 27 000 requests
      Judged by bet: at most 1 % of healthy releases are taken back, however often it looks.

      TIME (UTC)  AFTER     VERDICT          REQUESTS  ERRORS  BY CHANCE
      00:00:05    5 s       not enough data  50        0
      00:00:10    10 s      pass             100       0
      00:00:40    40 s      pass             400       0
      00:01:20    1 m 20 s  pass             800       0
      00:02:00    2 m 00 s  pass             1 200     0
      00:02:40    2 m 40 s  pass             1 600     0
      00:03:20    3 m 20 s  pass             2 000     0
      00:04:00    4 m 00 s  pass             2 400     0
      00:04:40    4 m 40 s  pass             2 800     0
      00:05:00    5 m 00 s  pass             3 000     0

      pass: by the end nothing asked for a rollback. A release with 0.61 % of errors would have been found here 9 times out of 10; less may be there unseen.
        error-rate  pass  0 %, allowed at most 0.1 %; 0 of 3,000 failed, stable 0 of 27,000
      "
    `);
  });

  test('a bad one', async () => {
    const { exit, out, err } = await judge(bad);
    expect([exit, err]).toEqual([3, '']);
    expect(out).toMatchInlineSnapshot(`
      "a.trace: 7 blocks, 2026-01-01 00:00:00 to 00:00:35 UTC; canary 350 requests, stable 3 150 requests
      Judged by bet: at most 1 % of healthy releases are taken back, however often it looks.

      TIME (UTC)  AFTER  VERDICT          REQUESTS  ERRORS  BY CHANCE
      00:00:05    5 s    not enough data  50        0
      00:00:10    10 s   pass             100       0
      00:00:15    15 s   pass             150       0
      00:00:20    20 s   pass             200       3       < 1 in 3
      00:00:25    25 s   suspect          250       7       < 1 in 76
      00:00:30    30 s   fail             300       9       < 1 in 2 000

      fail: taken back at 00:00:30, 30 s after the beginning and 9 errors in 300 canary requests. The regression most likely began after 00:00:15. The 1 block after that was not judged.
        error-rate  fail  6 %, allowed at most 0.1 %; 9 of 150 failed, stable 0 of 1,350; a healthy release would look this bad in fewer than 1 of 2,000 rollouts
      "
    `);
  });

  test('a judge without evidence says that it gives no guarantee', async () => {
    const { exit, out } = await judge(bad, '--judge', 'threshold');
    expect(exit).toBe(3);
    expect(out).toMatchInlineSnapshot(`
      "a.trace: 7 blocks, 2026-01-01 00:00:00 to 00:00:35 UTC; canary 350 requests, stable 3 150 requests
      Judged by threshold: it gives no guarantee of how rarely a healthy release is taken back.

      TIME (UTC)  AFTER  VERDICT          REQUESTS  ERRORS
      00:00:05    5 s    not enough data  50        0
      00:00:10    10 s   pass             100       0
      00:00:15    15 s   pass             150       0
      00:00:20    20 s   not enough data  200       3
      00:00:25    25 s   not enough data  250       7
      00:00:30    30 s   fail             300       9

      fail: taken back at 00:00:30, 30 s after the beginning and 9 errors in 300 canary requests. The 1 block after that was not judged.
        error-rate  fail  3 %, allowed at most 0.1 %; 9 of 300 requests failed; stable 0 %
      "
    `);
  });

  test('latency, with a limit that is no bound', async () => {
    const { exit, out, err } = await judge(slow(40, 45), '--latency', 'p95 1.5 s');
    expect(exit).toBe(3);
    expect(err).toMatchInlineSnapshot(`
      "a.trace: warning: latency: 1.5 s is no bound of the histogram (next to it: 1 s, 2 s), so requests near it cannot be told apart
      "
    `);
    expect(out.split('\n').slice(-4).join('\n')).toMatchInlineSnapshot(`
      "fail: taken back at 00:00:55, 55 s after the beginning and 0 errors in 550 canary requests. The regression most likely began after 00:00:00. The 29 blocks after that were not judged.
        error-rate  pass  0 %, allowed at most 0.1 %; 0 of 550 failed
        latency     fail  2000 ms, allowed at most 1500 ms; 55 of 550 took longer than 2 s; a healthy release would look this bad in fewer than 1 of 230 rollouts
      "
    `);
    expect((await judge(slow(50, 50), '--latency', 'p95 1.5 s')).exit).toBe(0);
  });

  test('what is wrong with a trace is told with its line, and it does not pass', async () => {
    const { exit, out, err } = await judge(`${good}1767229999,-5,0,1,0\nnothing\n`);
    expect(exit).toBe(5);
    expect(err).toMatchInlineSnapshot(`
      "a.trace:62: error: canary: -5 requests and 0 errors are not counts: left out
      a.trace:63: error: the number of cells is 1, where the header has 5: left out
      "
    `);
    expect(out).toContain('broken data: undecided.');
  });

  test('a verdict that goes to and fro is cut short', async () => {
    const errors = Array.from({ length: 300 }, (_, index) => (index % 40 === 0 ? 1 : 0));
    const { out } = await judge(
      csv(errors),
      '--judge',
      'threshold',
      '--threshold',
      '1000',
      '--interval',
      '5s',
    );
    expect(out).not.toContain('fail:');
    expect(out.split('\n').length).toBeLessThan(60);
  });
});

describe('for programs', () => {
  test('one object', async () => {
    const { exit, out } = await judge(bad, '-o', 'json');
    const document: unknown = JSON.parse(out);
    expect(exit).toBe(3);
    expect(document).toMatchObject({
      schema: 'sluice.dev/view/v1',
      kind: 'Judgement',
      verdict: 'fail',
      decidedAt: '2026-01-01T00:00:30.000Z',
      blocks: 6,
      canaryRequests: 300,
      canaryErrors: 9,
      checks: [{ name: 'error-rate', kind: 'fail' }],
    });
    expect((document as { readonly logEvidence: unknown }).logEvidence).toBeGreaterThan(4.6);
    expect((await judge(good, '-o', 'jsonl')).out.trimEnd().split('\n').length).toBe(1);
    expect((await judge(good, '-o', 'name')).out).toBe('pass\n');
  });

  test('each end has its exit code', async () => {
    const ends = {
      good,
      bad,
      short: csv([0]),
      empty: '',
      'only a header': header,
      'no canary': good.replaceAll(',50,0,', ',,,'),
      twice: `${good}${good.split('\n')[60]}\n`,
      'out of order': `${good}1767225601,50,0,450,0\n`,
      fractional: good.replace(',50,0,', ',50.5,0,'),
      NaN: good.replace(',50,0,', ',NaN,0,'),
      absurd: good.replace(',50,0,', ',1e300,0,'),
      binary: String.fromCharCode(...Array.from({ length: 4_000 }, (_, index) => (index * 7919) % 256)),
      'another file': '{"name":"podinfo","version":"1.2.3"}\n',
    };
    const seen: string[] = [];
    for (const [name, trace] of Object.entries(ends)) {
      const { exit, out } = await judge(trace, '-o', 'json');
      seen.push(`${exit} ${(JSON.parse(out) as { readonly verdict: string }).verdict}: ${name}`);
    }
    expect(seen).toMatchInlineSnapshot(`
      [
        "0 pass: good",
        "3 fail: bad",
        "5 notEnoughData: short",
        "5 noData: empty",
        "5 noData: only a header",
        "5 noData: no canary",
        "5 providerError: twice",
        "5 providerError: out of order",
        "5 providerError: fractional",
        "5 providerError: NaN",
        "5 providerError: absurd",
        "5 noData: binary",
        "5 noData: another file",
      ]
    `);
  });

  test('stdin, and every judge', async () => {
    expect((await run(['judge', '--trace', '-', '-o', 'name'], bad)).out).toBe('fail\n');
    const exits: string[] = [];
    for (const name of ['bet', 'likelihood', 'threshold', 'argo', 'kayenta'])
      exits.push(`${name} ${(await judge(bad, '--judge', name, '-o', 'name')).out.trimEnd()}`);
    expect(exits).toEqual([
      'bet fail',
      'likelihood fail',
      'threshold fail',
      'argo notEnoughData',
      'kayenta noData',
    ]);
    expect((await judge(bad, '--judge', 'argo', '--interval', '5s')).exit).toBe(3);
  });

  test('a wrong command line is 2, and says what would be right', async () => {
    await mkdir(join(folder, 'folder'));
    const wrong = [
      ['judge'],
      ['judge', '--trace', 'missing.jsonl'],
      ['judge', '--trace', 'folder'],
      ['judge', '--trace', '-', '-f', '-'],
      ['judge', '--trace', '-', '--judge', 'coin'],
      ['judge', '--trace', '-', '--error-limit', 'p95 2 s'],
      ['judge', '--trace', '-', '--error-limit', '120 %'],
      ['judge', '--trace', '-', '--latency', '0.1 %'],
      ['judge', '--trace', '-', '--latency', 'fast'],
      ['judge', '--trace', '-', '--false-rollback', '0.01'],
      ['judge', '--trace', '-', '--margin', '0.5'],
      ['judge', '--trace', '-', '--interval', 'often'],
    ];
    const said: string[] = [];
    for (const argv of wrong) {
      const { exit, out, err } = await run(argv);
      expect([exit, out]).toEqual([2, '']);
      said.push(err.split('\n')[0] ?? '');
    }
    expect(said).toMatchInlineSnapshot(`
      [
        "error: required option '--trace <file>' not specified",
        "error: cannot read missing.jsonl: it does not exist",
        "error: cannot read folder: it is a folder",
        "error: the trace and a manifest cannot both be stdin",
        "error: option '--judge <name>' argument 'coin' is invalid. Allowed choices are bet, threshold, likelihood, argo, kayenta.",
        "error: --error-limit is a share of errors, such as "0.1 %", not "p95 2 s"",
        "error: --error-limit: 120 % is more than all requests",
        "error: --latency is a quantile, such as "p95 2 s", not "0.1 %"",
        "error: --latency: "fast" is not an objective: write "0.1 %", "> 99.9 %" or "p95 2 s"",
        "error: --false-rollback is a share such as "1 %", not "0.01"",
        "error: --margin is how many times stable's share of errors is allowed, 1 or more, not "0.5"",
        "error: --interval: "often" is not a duration: write a number and a unit, such as 30s, 5m or 1m30s",
      ]
    `);
  });
});

describe('by the Canary of a file', () => {
  const flagger = (name: string, min: number): string => `apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: ${name}}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: ${name}}
  service: {port: 80}
  analysis:
    interval: 10s
    threshold: 2
    maxWeight: 50
    stepWeight: 10
    metrics:
      - {name: request-success-rate, interval: 30s, thresholdRange: {min: ${min}}}
      - {name: queue-length, interval: 30s, templateRef: {name: queue}, thresholdRange: {max: 5}}
`;

  test('of flagger.app, without what it releases or its templates', async () => {
    await writeFile(join(folder, 'canary.yaml'), flagger('podinfo', 99));
    const { exit, out, err } = await judge(long, '-f', 'canary.yaml');
    expect(exit).toBe(3);
    expect(err).toContain(
      'default/podinfo: "queue-length" is asked from a metrics server: left out, a trace has only requests\n',
    );
    expect(out).toContain('Judged by threshold');
    expect(out).toContain('request-success-rate  fail');
    expect((await judge(long, '-f', 'canary.yaml', '--judge', 'bet')).out).toContain('Judged by bet');
  });

  test('limits of the command line take the place of its own', async () => {
    await writeFile(join(folder, 'canary.yaml'), flagger('podinfo', 99));
    expect((await judge(long, '-f', 'canary.yaml', '--error-limit', '20 %')).exit).toBe(0);
    const { out } = await judge(slow(50, 50), '-f', 'canary.yaml', '--latency', 'p95 2 s', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({
      checks: [{ name: 'request-success-rate' }, { name: 'latency' }],
    });
  });

  test('one of several is named', async () => {
    await writeFile(join(folder, 'two.yaml'), `${flagger('a', 99)}---\n${flagger('b', 50)}`);
    const which = await judge(long, '-f', 'two.yaml');
    expect(which.exit).toBe(2);
    expect(which.err).toContain(
      'the files hold several Canaries: name one with --service: default/a, default/b\n',
    );
    expect((await judge(long, '-f', 'two.yaml', '--service', 'a')).exit).toBe(3);
    expect((await judge(long, '-f', 'two.yaml', '--service', 'default/b')).exit).toBe(0);
    expect((await judge(long, '-f', 'two.yaml', '--service', 'c')).exit).toBe(2);
  });

  test('a file without a Canary is refused', async () => {
    await writeFile(join(folder, 'no.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n');
    expect((await judge(long, '-f', 'no.yaml')).exit).toBe(2);
  });
});
