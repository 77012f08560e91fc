import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fakeHost } from '../../../test/fakes/fake-host.ts';
import type { History } from '../../analysis/history/history.ts';
import { type HistoryOptions, historyOf } from '../../../test/statistics/histories.ts';
import type { MetricHistoryRequest } from '../host.ts';
import { runCli } from '../run-cli.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-history-'));
  await writeFile(join(folder, 'canary.yaml'), canary());
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function canary(objective = '0.1 % # by contract', plan: 'steps' | 'iterations' | 'none' = 'steps'): string {
  const weights = [10, 25, 50].map((weight) => `      - { weight: ${weight}, duration: 60s }\n`);
  return `apiVersion: sluice.dev/v1alpha1
kind: Canary
metadata:
  name: shop
spec:
  targetRef: { kind: Process, name: shop }
  service: { port: 8080 }
  analysis:
    interval: 15s
${{ steps: `    steps:\n${weights.join('')}`, iterations: '    iterations: 12\n', none: '' }[plan]}    metrics:
      - name: error-rate
        objective: ${objective}
`;
}

const byCounters = '{ limit: 0.1 %, total: requests, bad: failures }';

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function run(
  argv: readonly string[],
  history?: (request: MetricHistoryRequest) => History,
): Promise<Ran> {
  const metricHistory = (request: MetricHistoryRequest): Promise<History> =>
    Promise.resolve((history ?? (() => ({ blocks: [], resets: 0, notes: [] })))(request));
  const host = fakeHost(argv, { cwd: folder, env: { SLUICE_STATE: folder }, local: { metricHistory } });
  const exit = await runCli(host);
  return { exit, out: host.stdout.text, err: host.stderr.text };
}

function linesOf(options: HistoryOptions, arm: 'canary' | 'stable' = 'stable'): string {
  const { blocks } = historyOf(options);
  return blocks
    .map(({ atMs, pods }) => JSON.stringify({ at: new Date(atMs).toISOString(), [arm]: pods[0]?.counts }))
    .join('\n');
}

async function traces(files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(folder, 'traces'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'traces', name), text);
}

const usual = { seed: 1, errors: [0.0004], requestsPerBlock: 600 };

describe('backtest', () => {
  test('a folder of traces: a history, a good and a bad rollout', async () => {
    await traces({
      'history.jsonl': linesOf({ ...usual, rollouts: 120 }),
      'good.jsonl': linesOf({ ...usual, seed: 2, rollouts: 1 }, 'canary'),
      'v3.bad.jsonl': linesOf({ ...usual, seed: 3, rollouts: 1, errors: [0.03] }, 'canary'),
    });
    const { exit, out, err } = await run(['backtest', '-f', 'canary.yaml', '--trace', 'traces']);
    expect([exit, err]).toEqual([0, '']);
    expect(out).toMatchInlineSnapshot(`
      "default/shop   121 healthy rollouts of 3 m between 2026-01-05 00:00 and 2026-01-05 06:00 UTC
        1 recorded, as they were
        120 cut from history of one arm: the limits are held against the whole arm, and a random split stands in
        for the comparison, which cannot show how pods differ or that errors come in clusters
        the 60 even ones are judged; the odd ones are what "sluice tune" learns from

      JUDGE       ROLLS BACK  SHARE   95 % BOUNDS
      bet         0 of 60     0 %     0 % to 4.87 %     the judge of the manifest
      threshold   23 of 60    38.3 %  27.8 % to 49.8 %
      argo        0 of 60     0 %     0 % to 4.87 %
      kayenta     3 of 60     5 %     1.38 % to 12.4 %
      likelihood  0 of 60     0 %     0 % to 4.87 %

      bet: 0 of 60 shows at most 4.87 % with 95 %. To show 1 %, none of 299 or more may be rolled back: this history is too short.
      Hours of the week are not compared: that takes 14 days.

      KNOWN TO BE BAD      bet         threshold   argo   kayenta  likelihood
      traces/v3.bad.jsonl  45.0 s, 42  30.0 s, 33  never  never    30.0 s, 33
      Caught so long after its first block, having served so many errors.
      "
    `);
  });

  test('from Prometheus, by pod; what is known to be bad is named', async () => {
    await writeFile(join(folder, 'canary.yaml'), canary(byCounters));
    await writeFile(join(folder, 'old.jsonl'), linesOf({ ...usual, seed: 3, rollouts: 1, errors: [0.5] }));
    let asked: MetricHistoryRequest | null = null;
    const from = ['--from', 'prometheus=http://prom:9090', '--since', '3d', '--header', 'X-Scope-OrgID: web'];
    const { exit, out } = await run(
      ['backtest', '-f', 'canary.yaml', ...from, '--bad', 'old.jsonl', '--half', 'all'],
      (request) => {
        asked = request;
        return historyOf({ ...usual, rollouts: 300, errors: [0.0003, 0.0003, 0.0006] });
      },
    );
    expect(exit).toBe(0);
    expect(asked).toMatchObject({
      address: 'http://prom:9090',
      selectors: { total: 'requests', bad: 'failures' },
      headers: { 'X-Scope-OrgID': ['web'] },
    });
    expect(out).toMatchInlineSnapshot(`
      "default/shop   300 healthy rollouts of 3 m between 2026-01-05 00:00 and 2026-01-05 15:00 UTC
        300 cut from history; the canary is random pods of stable, as many as a real one has
        all 300 are judged; settings that were tuned on this history look better here than they are

      JUDGE       ROLLS BACK  SHARE   95 % BOUNDS
      bet         0 of 300    0 %     0 % to 0.99 %     the judge of the manifest
      threshold   147 of 300  49 %    44.1 % to 53.9 %
      argo        0 of 300    0 %     0 % to 0.99 %
      kayenta     28 of 300   9.33 %  6.71 % to 12.6 %
      likelihood  0 of 300    0 %     0 % to 0.99 %

      bet: 0 of 300 shows at most 0.99 % with 95 %: within the 1 % that is allowed.
      Hours of the week are not compared: that takes 14 days.

      KNOWN TO BE BAD  bet          threshold    argo   kayenta  likelihood
      old.jsonl        30.0 s, 604  30.0 s, 604  never  never    30.0 s, 604
      Caught so long after its first block, having served so many errors.
      "
    `);
  });

  test('bad rollouts alone, however they are spelled: when each would have been caught', async () => {
    await traces({ 'v3.bad.jsonl': linesOf({ ...usual, seed: 3, rollouts: 1, errors: [0.03] }, 'canary') });
    const bad = ['--trace', 'traces', '--bad', './traces/v3.bad.jsonl', 'traces/v3.bad.jsonl'];
    const { exit, out } = await run(['backtest', '-f', 'canary.yaml', ...bad]);
    expect(exit).toBe(0);
    expect(out.split('\n').slice(-4)).toMatchInlineSnapshot(`
      [
        "KNOWN TO BE BAD      bet         threshold   argo   kayenta  likelihood",
        "traces/v3.bad.jsonl  45.0 s, 42  30.0 s, 33  never  never    30.0 s, 33",
        "Caught so long after its first block, having served so many errors.",
        "",
      ]
    `);
  });

  test('steps without a weight are judged as if half went to the canary, and that is said', async () => {
    await traces({ 'history.jsonl': linesOf({ ...usual, rollouts: 10 }) });
    const text = canary('0.1 %', 'iterations');
    await writeFile(join(folder, 'canary.yaml'), text);
    const { exit, out, err } = await run(['backtest', '-f', 'canary.yaml', '--trace', 'traces']);
    expect([exit, err]).toEqual([
      0,
      'A step has no weight: the canary is taken to have half of the requests in it.\n',
    ]);
    expect(out).toContain('10 healthy rollouts of 3 m ');
  });

  test('as JSON', async () => {
    await traces({ 'history.jsonl': linesOf({ ...usual, rollouts: 10 }) });
    const { out } = await run(['backtest', '-f', 'canary.yaml', '--trace', 'traces', '-o', 'json']);
    expect(JSON.parse(out)).toMatchObject({
      schema: 'sluice.dev/view/v1',
      kind: 'BacktestReport',
      service: 'default/shop',
      half: 'even',
      judgedRollouts: 5,
      rolloutsNeeded: 299,
      judges: [{ judge: 'bet', rolledBack: { count: 0, of: 5 } }, {}, {}, {}, {}],
    });
  });

  test('a gap in the history is told, and no rollout reaches over it', async () => {
    const lines = linesOf({ ...usual, rollouts: 10 }).split('\n');
    await traces({ 'history.jsonl': [...lines.slice(0, 20), ...lines.slice(60)].join('\n') });
    const { out } = await run(['backtest', '-f', 'canary.yaml', '--trace', 'traces']);
    expect(out.split('\n').slice(0, 5)).toMatchInlineSnapshot(`
      [
        "default/shop   5 healthy rollouts of 3 m between 2026-01-05 00:00 and 2026-01-05 00:30 UTC",
        "  5 cut from history of one arm: the limits are held against the whole arm, and a random split stands in",
        "  for the comparison, which cannot show how pods differ or that errors come in clusters",
        "  left out: 9 blocks next to a gap, 11 blocks too few at the end",
        "  the 2 even ones are judged; the odd ones are what "sluice tune" learns from",
      ]
    `);
  });
});

describe('tune', () => {
  test('proposes a change with its reasons, and makes none', async () => {
    await traces({
      'history.jsonl': linesOf({ ...usual, rollouts: 620, errors: [0.0001] }),
      'v3.bad.jsonl': linesOf({ ...usual, seed: 3, rollouts: 1, errors: [0.03] }, 'canary'),
    });
    const { exit, out, err } = await run(['tune', '-f', 'canary.yaml', '--trace', 'traces']);
    expect(exit).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "# default/shop: 620 healthy rollouts of 3 m between 2026-01-05 00:00 and 2026-01-06 07:00 UTC
      #   620 cut from history of one arm: the limits are held against the whole arm, and a random split stands in
      #   for the comparison, which cannot show how pods differ or that errors come in clusters
      # settings of the judge bet, from the 310 odd ones
      #
      # error-rate: 0.1 % becomes 0.01 %: the smallest limit of 1, 2, 5 steps at which none of 310 rollouts is rolled back (at most 0.96 % with 95 %); usual are 0.009 % errors
      #   with 2 041 canary requests in a rollout it finds 0.37 % errors and more in 9 of 10 cases
      # margin: 1.5 stays: this history does not tell pods apart, so it has no placebos
      # level: 100 stays: the larger of 100 and number 3 of the largest evidences against 310 healthy rollouts, 8.1; 0 came above 100
      #
      # on the even ones, which nothing was tuned on, bet rolls back
      #   as the manifest is: 0 of 310 healthy rollouts (0 % to 0.96 %)
      #   as proposed: 0 of 310 healthy rollouts (0 % to 0.96 %)
      #   0 of 310 shows at most 0.96 % with 95 %: within the 1 % that is allowed.
      #   traces/v3.bad.jsonl: caught after 30.0 s, before after 45.0 s
      --- canary.yaml
      +++ canary.yaml
      @@ -13,4 +13,4 @@
             - { weight: 50, duration: 60s }
           metrics:
             - name: error-rate
      -        objective: 0.1 % # by contract
      +        objective: 0.01 % # by contract
      "
    `);
    expect(err).toMatchInlineSnapshot(`
      "Nothing is changed. To take it over, save it and run: patch < FILE
      "
    `);
    const again = await run(['tune', '-f', 'canary.yaml', '--trace', 'traces', '-o', 'json']);
    expect(JSON.parse(again.out)).toMatchObject({
      kind: 'TuneProposal',
      settings: { limits: { 'error-rate': 0.0001 } },
    });
  });

  test('of pods that fail in clusters, limits, margin and level', async () => {
    await writeFile(join(folder, 'canary.yaml'), canary(byCounters));
    const from = ['--from', 'prometheus=http://prom:9090', '--target', '5 %'];
    const { out } = await run(['tune', '-f', 'canary.yaml', ...from], () =>
      historyOf({
        seed: 7,
        rollouts: 240,
        requestsPerBlock: 3000,
        errors: [0.002, 0.002, 0.002, 0.006],
        burst: 8,
      }),
    );
    expect(out).toMatchInlineSnapshot(`
      "# default/shop: 240 healthy rollouts of 3 m between 2026-01-05 00:00 and 2026-01-05 12:00 UTC
      #   240 cut from history; the canary is random pods of stable, as many as a real one has
      # settings of the judge bet, from the 120 odd ones
      #
      # error-rate: 0.1 % becomes 0.5 %: the smallest limit of 1, 2, 5 steps at which none of 120 rollouts is rolled back (at most 2.47 % with 95 %); usual are 0.3 % errors
      #   with 11 988 canary requests in a rollout it finds 0.89 % errors and more in 9 of 10 cases
      # margin: 1.5 becomes 2: the smallest of 1, 1.25, 1.5, 2, 3 at which none of 120 placebos (pods of stable against each other) is rolled back (at most 2.47 % with 95 %)
      #   error rates of 4 pods differ by a factor of 1.7 (one standard deviation): for one canary pod that asks for a margin of 4.12
      # level: 100 stays: the larger of 100 and number 1 of the largest evidences against 120 healthy rollouts, 47.8; 0 came above 100
      #
      # on the even ones, which nothing was tuned on, bet rolls back
      #   as the manifest is: 8 of 120 healthy rollouts (3.36 % to 11.7 %)
      #   as proposed: 0 of 120 healthy rollouts (0 % to 2.47 %)
      #   0 of 120 shows at most 2.47 % with 95 %: within the 5 % that is allowed.
      --- canary.yaml
      +++ canary.yaml
      @@ -13,4 +13,5 @@
             - { weight: 50, duration: 60s }
           metrics:
             - name: error-rate
      -        objective: { limit: 0.1 %, total: requests, bad: failures }
      +        objective: { limit: 0.5 %, total: requests, bad: failures }
      +    margin: 2
      "
    `);
  });

  test('too short a history changes nothing, and says what is missing', async () => {
    await traces({ 'history.jsonl': linesOf({ ...usual, rollouts: 40 }) });
    const { out, err } = await run(['tune', '-f', 'canary.yaml', '--trace', 'traces']);
    expect([out, err]).toMatchInlineSnapshot(`
      [
        "# default/shop: 40 healthy rollouts of 3 m between 2026-01-05 00:00 and 2026-01-05 02:00 UTC
      #   40 cut from history of one arm: the limits are held against the whole arm, and a random split stands in
      #   for the comparison, which cannot show how pods differ or that errors come in clusters
      # settings of the judge bet, from the 20 odd ones
      #
      # error-rate: 0.1 % stays: at 0.05 % none of 20 rollouts is rolled back (at most 13.9 % with 95 %), and 299 are needed to show 1 %; usual are 0.035 % errors
      # margin: 1.5 stays: this history does not tell pods apart, so it has no placebos
      # level: 100 stays: it takes 99 rollouts to measure one, and these are 20
      #
      # on the even ones, which nothing was tuned on, bet rolls back
      #   as the manifest is: 0 of 20 healthy rollouts (0 % to 13.9 %)
      #   as proposed: 0 of 20 healthy rollouts (0 % to 13.9 %)
      #   0 of 20 shows at most 13.9 % with 95 %. To show 1 %, none of 299 or more may be rolled back: this history is too short.
      # The manifest stays as it is.
      ",
        "",
      ]
    `);
  });
});

describe('what cannot be', () => {
  const errorOf = async (...argv: readonly string[]): Promise<string> => {
    const { exit, out, err } = await run(argv);
    expect([exit, out]).toEqual([2, '']);
    return err.split('\n')[0] ?? '';
  };
  const backtestOf = (...argv: readonly string[]): Promise<string> =>
    errorOf('backtest', '-f', 'canary.yaml', ...argv);

  test('sources', async () => {
    await traces({});
    await writeFile(join(folder, 'empty.jsonl'), '');
    await writeFile(join(folder, 'page.jsonl'), '<html>\n');
    await writeFile(
      join(folder, 'short.jsonl'),
      linesOf({ ...usual, rollouts: 1 })
        .split('\n')
        .slice(0, 5)
        .join('\n'),
    );
    const coarse = linesOf({ ...usual, rollouts: 10 })
      .split('\n')
      .filter((_, index) => index % 4 === 3);
    await writeFile(join(folder, 'coarse.jsonl'), coarse.join('\n'));
    await writeFile(join(folder, 'idle.jsonl'), linesOf({ ...usual, rollouts: 2, requestsPerBlock: 0 }));
    expect([
      await backtestOf(),
      await backtestOf('--trace', 'x.jsonl', '--from', 'prometheus=http://x'),
      await backtestOf('--from', 'graphite=http://x'),
      await backtestOf('--from', 'prometheus=http://x'),
      await backtestOf('--trace', 'nowhere'),
      await backtestOf('--trace', 'traces'),
      await backtestOf('--trace', 'empty.jsonl'),
      await backtestOf('--trace', 'page.jsonl'),
      await backtestOf('--trace', 'short.jsonl'),
      await backtestOf('--trace', 'idle.jsonl'),
      await backtestOf('--trace', 'coarse.jsonl'),
      await backtestOf('--trace', 'short.jsonl', '--hours', '8'),
      await backtestOf('--trace', 'short.jsonl', '--half', 'third'),
    ]).toMatchInlineSnapshot(`
      [
        "error: name the history: --from prometheus=URL, or --trace FILE...",
        "error: name the history: --from prometheus=URL, or --trace FILE...",
        "error: --from is prometheus=URL, not "graphite=http://x"",
        "error: no metric says which raw counters it is made of",
        "error: cannot read nowhere: it does not exist",
        "error: traces holds no trace: files *.jsonl or *.csv",
        "error: empty.jsonl: the trace has no block that can be read",
        "error: page.jsonl: this is no trace: the line is neither a JSON object nor the header at,canary_requests,canary_errors,stable_requests,stable_errors",
        "error: the history does not hold one whole rollout: it covers 1 m 15 s, and a rollout takes 3 m without a gap",
        "error: the history has no request in its 6 m",
        "error: the history has a block each 1 m, too rarely for a rollout of 3 m",
        "error: --hours is two hours of the day in UTC such as 8-18, not "8"",
        "error: option '--half <half>' argument 'third' is invalid. Allowed choices are even, odd, all.",
      ]
    `);
  });

  test('manifests', async () => {
    await writeFile(join(folder, 'history.jsonl'), linesOf({ ...usual, rollouts: 4 }));
    await writeFile(
      join(folder, 'two.yaml'),
      `${canary()}---\n${canary().replace('name: shop', 'name: cart')}`,
    );
    await writeFile(join(folder, 'process.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n');
    await writeFile(join(folder, 'none.yaml'), canary('0.1 %', 'none'));
    const query = 'query: sum(queue)\n        thresholdRange: { max: 5 }';
    await writeFile(join(folder, 'query.yaml'), canary().replace(/objective: .*/, query));
    const of = (...argv: readonly string[]): Promise<string> =>
      errorOf('backtest', ...argv, '--trace', 'history.jsonl');
    expect([
      await of('-f', 'nowhere.yaml'),
      await of('-f', 'two.yaml'),
      await of('-f', 'two.yaml', '--service', 'chart'),
      await of('-f', 'process.yaml'),
      await of('-f', 'none.yaml'),
      await of('-f', 'query.yaml'),
      await errorOf('tune', '-f', '-', '--trace', 'history.jsonl'),
      await errorOf('tune', '-f', 'canary.yaml', '--trace', 'history.jsonl', '--target', '120 %'),
    ]).toMatchInlineSnapshot(`
      [
        "error: cannot read nowhere.yaml: it does not exist",
        "error: the files hold several Canaries: name one with --service: default/shop, default/cart",
        "error: there is no Canary "chart".",
        "error: the files hold no Canary",
        "error: the Canary has no steps, so there is no rollout whose length a history could be cut to",
        "error: the Canary has no check that requests and their latency answer",
        "error: a change is made to a file: -f cannot be stdin",
        "error: --target is a share such as "1 %", not "120 %"",
      ]
    `);
    expect(
      (await run(['backtest', '-f', 'two.yaml', '--service', 'cart', '--trace', 'history.jsonl'])).exit,
    ).toBe(0);
  });

  test('an empty history of Prometheus', async () => {
    await writeFile(join(folder, 'canary.yaml'), canary(byCounters));
    expect(await backtestOf('--from', 'prometheus=http://prom:9090')).toBe('error: the history is empty');
  });
});
