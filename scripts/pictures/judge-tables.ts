import { page, table } from '../gen/markdown.ts';
import { type BenchRow, type JudgeBench, rowAt } from './bench-rows.ts';
import { drawnJudges } from './judges.ts';

const levels = [10, 100, 1000] as const;
const parts = [0.2, 0.5, 0.9] as const;
const worlds = [
  'independent',
  'bursts of 3',
  'bursts of 10',
  'bursts of 30',
  'shared outages',
  'mild shared outages at 50 %',
  'weight changes',
  'resets',
] as const;
const badCells = [
  '0.5 % errors',
  '1 % errors',
  '5 % errors',
  '50 % errors',
  '1 % errors from minute 12 on',
  '1 % errors from minute 25 on',
] as const;

/** The tables of docs/benchmarks.md, in Markdown. */
export function judgeTables(bench: JudgeBench): string {
  return page(
    'Good releases rolled back within 30 minutes, errors independent (95 % interval of Clopper and Pearson):',
    falseTable(bench),
    '`bet` in the other worlds; the worst of the three parts of the limit:',
    worldTable(bench),
    'Bad releases: median and 95th percentile of the time until rollback, mean of failed canary requests until then:',
    ...levels.flatMap((rps) => [
      `At ${rps.toLocaleString('en-US')} requests a second:`,
      badTable(bench, rps),
    ]),
    'Latency, `bet`, 100 requests a second, p95 of at most 2 s, buckets of the Prometheus client:',
    latencyTable(bench),
    'Mean canary requests until found over Wald’s bound, two blocks subtracted (absolute test alone):',
    waldTable(bench),
  );
}

function falseTable(bench: JudgeBench): string {
  const head = ['requests a second', 'judge', ...parts.map((part) => `${part * 100} % of the limit`)];
  const rows = levels.flatMap((rps) =>
    drawnJudges.map(({ judge, label }) => [
      rps.toLocaleString('en-US'),
      label,
      ...parts.map((part) => shareText(rowAt(bench, judge, rps, `${part} of the limit, independent`))),
    ]),
  );
  return table(head, rows);
}

function worldTable(bench: JudgeBench): string {
  const head = ['world', ...levels.map((rps) => `${rps.toLocaleString('en-US')} rps`)];
  const promised = worlds.map((world) => [
    world,
    ...levels.map((rps) => {
      const rows = parts.map((part) => rowAt(bench, 'bet', rps, `${part} of the limit, ${world}`));
      const worst = rows.reduce((a, b) => (b.rolledBack > a.rolledBack ? b : a));
      return shareText(worst);
    }),
  ]);
  const shown = [0.2, 0.5].map((spread) => [
    `pods that differ for good, log-sd ${spread}, at half the limit (not promised)`,
    ...levels.map((rps) => shareText(rowAt(bench, 'bet', rps, `pods that differ, log-sd ${spread}`))),
  ]);
  return table(head, [...promised, ...shown]);
}

function badTable(bench: JudgeBench, rps: number): string {
  return table(
    ['judge', ...badCells],
    drawnJudges.map(({ judge, label }) => [
      label,
      ...badCells.map((cell) => foundText(rowAt(bench, judge, rps, cell))),
    ]),
  );
}

function latencyTable(bench: JudgeBench): string {
  const rows = bench.against.rows.filter(({ checks }) => checks !== 'errors');
  return table(
    ['latency of the canary', 'rolled back', 'median', 'p95'],
    rows.map((row) => [
      row.cell.replace('latency x ', '× '),
      shareText(row),
      row.kind === 'same' ? '' : secondsText(row.medianS),
      row.kind === 'same' ? '' : secondsText(row.p95S),
    ]),
  );
}

function waldTable(bench: JudgeBench): string {
  const { wald } = bench.against;
  const sizes = [...new Set(wald.map(({ perBlock }) => perBlock))];
  const ratios = [...new Set(wald.map(({ ratio }) => ratio))];
  return table(
    ['error rate', ...sizes.map((size) => `${size} a block`)],
    ratios.map((ratio) => [
      `${ratio} × the limit`,
      ...sizes.map((size) => {
        const cell = wald.find((one) => one.ratio === ratio && one.perBlock === size);
        return cell === undefined ? '' : cell.overWald.toFixed(2);
      }),
    ]),
  );
}

/** `3 of 600 (0.1 to 1.5 %)` */
function shareText({ rolledBack, runs, interval: [low, high] }: BenchRow): string {
  const percent = (share: number): string => String(Number((share * 100).toFixed(1)));
  return `${rolledBack} of ${runs} (${percent(low)} to ${percent(high)} %)`;
}

function foundText({ medianS, p95S, meanFailed, rolledBack, runs }: BenchRow): string {
  const missed = runs - rolledBack;
  const times = medianS === null ? 'not found' : `${medianS} / ${p95S ?? '∞'} s`;
  const never = missed === 0 ? '' : `; missed ${missed} of ${runs}`;
  return `${times}; ${Math.round(meanFailed)} failed${never}`;
}

function secondsText(seconds: number | null): string {
  return seconds === null ? 'not found' : `${seconds} s`;
}
