import { clopperPearson } from '../src/analysis/special/incomplete-beta.ts';
import { leastRequests } from '../src/analysis/power.ts';
import { type BenchOptions, type BenchResult, quantile, round } from './bench.ts';
import { measureCost } from './judge/cost.ts';
import { type Cell, gridOf, latencyCells, limit } from './judge/grid.ts';
import { runAll } from './judge/pool.ts';
import type { CellResult } from './judge/run-cell.ts';
import { waldCells } from './judge/wald.ts';

/** How often good releases are rolled back and how soon bad ones are: the same traces, several judges. */
export async function run({ quick, say }: BenchOptions): Promise<BenchResult> {
  const cost = measureCost();
  const cells = [...gridOf(quick ? [100] : [10, 100, 1000]), ...latencyCells];
  const results = await runAll(cells, quick ? 60 : 600, quick ? 20 : 150);
  const wald = waldCells(quick ? 60 : 600);
  const rows = cells.flatMap((cell, index) => (results[index] ?? []).map((result) => rowOf(cell, result)));
  for (const row of rows) say(lineOf(row));
  for (const { ratio, perBlock, overWald } of wald)
    say(`${ratio} times the limit, ${perBlock} a block: ${round(overWald)} x Wald and two blocks`);
  const bet = rows.filter(({ judge }) => judge === 'bet');
  const promised = bet.filter(({ kind, checks }) => kind === 'same' && checks === 'errors');
  const medianAt = (percent: string): number | null =>
    bet.find(({ rps, cell }) => rps === 100 && cell === `${percent} % errors`)?.medianS ?? null;
  const latency = bet.filter(({ checks }) => checks === 'latency');
  const worst = Math.max(...promised.map(({ rolledBackShare }) => rolledBackShare));
  const dominated = dominatedCells(rows);
  for (const line of dominated) say(`dominated: ${line}`);
  return {
    figures: {
      worstFalseRollbacksOf600: Math.round(worst * 600),
      falseRollbackShare: round(mean(promised.map(({ rolledBackShare }) => rolledBackShare)), 5),
      medianS05: medianAt('0.5'),
      medianS1: medianAt('1'),
      medianS5: medianAt('5'),
      medianS50: medianAt('50'),
      worstOverWald: round(Math.max(...wald.map(({ overWald }) => overWald)), 3),
      latencyMedianS: latency.find(({ cell }) => cell === 'latency x 2')?.medianS ?? null,
      latencyFalseShare: latency.find(({ kind }) => kind === 'same')?.rolledBackShare ?? null,
      dominatedCells: dominated.length,
      microsecondsPerBlock: round(cost.microsecondsPerBlock),
      stateBytes: cost.stateBytes,
      stateHistogramBounds: cost.bounds,
      runsPerCell: quick ? 60 : 600,
    },
    against: { rows, wald },
  };
}

interface Row {
  readonly judge: string;
  readonly cell: string;
  readonly kind: Cell['kind'];
  readonly checks: Cell['checks'];
  readonly rps: number;
  readonly runs: number;
  readonly rolledBack: number;
  readonly rolledBackShare: number;
  /** Bad releases that were not found within the trace. */
  readonly missed: number | null;
  /** Clopper-Pearson, 95 %. */
  readonly interval: readonly [number, number];
  readonly medianS: number | null;
  readonly p95S: number | null;
  readonly meanFailed: number;
  /** Mean canary requests until the rollback over Wald's bound, of bad cells whose onset is the start. */
  readonly overWald: number | null;
}

function rowOf(cell: Cell, result: CellResult): Row {
  const { low, high } = clopperPearson(result.rolledBack, result.runs, 0.05);
  // Those that were never found are slower than all that were.
  const times = [
    ...result.seconds,
    ...Array.from({ length: result.runs - result.rolledBack }, () => Number.POSITIVE_INFINITY),
  ];
  const at = (q: number): number | null => {
    const seconds = quantile(times, q);
    return Number.isFinite(seconds) ? seconds : null;
  };
  const bad = cell.kind === 'bad' && cell.checks === 'errors' && cell.world.onsetBlock === undefined;
  const found = result.rolledBack === result.runs;
  const least = bad ? leastRequests(cell.world.canaryError, limit, 0.01) : null;
  return {
    judge: result.judge,
    cell: cell.name,
    kind: cell.kind,
    checks: cell.checks,
    rps: cell.rps,
    runs: result.runs,
    rolledBack: result.rolledBack,
    rolledBackShare: round(result.rolledBack / result.runs, 5),
    missed: cell.kind === 'bad' ? result.runs - result.rolledBack : null,
    interval: [round(low, 4), round(high, 4)],
    medianS: cell.kind === 'bad' ? at(0.5) : null,
    p95S: cell.kind === 'bad' ? at(0.95) : null,
    meanFailed: round(mean(result.failed), 1),
    overWald: least !== null && found ? round(mean(result.canaryRequests) / least) : null,
  };
}

function lineOf(row: Row): string {
  const { judge, rps, cell, kind, rolledBack, runs, missed, interval, medianS, p95S, meanFailed, overWald } =
    row;
  const times =
    kind === 'bad'
      ? `median ${medianS ?? 'never'} s, p95 ${p95S ?? 'never'} s, missed ${missed}, ${meanFailed} failed`
      : `${round(interval[0] * 100, 1)} to ${round(interval[1] * 100, 1)} %`;
  const over = overWald === null ? '' : `, ${overWald} x Wald`;
  const place = `${String(rps).padStart(4)} rps  ${cell.padEnd(38)}`;
  return `${place} ${judge.padEnd(18)} rolled back ${String(rolledBack).padStart(3)} of ${runs}, ${times}${over}`;
}

/** Cells in which another judge is faster than `bet`, at the same traffic, and rolls back no more good releases. */
function dominatedCells(rows: readonly Row[]): readonly string[] {
  const falseShare = (judge: string, rps: number): number =>
    Math.max(
      ...rows
        .filter(
          (row) =>
            row.judge === judge && row.rps === rps && row.kind === 'same' && row.cell.endsWith('independent'),
        )
        .map(({ rolledBackShare }) => rolledBackShare),
    );
  const bad = rows.filter(({ kind, checks }) => kind === 'bad' && checks === 'errors');
  return bad.flatMap((row) => {
    if (row.judge === 'bet' || row.medianS === null) return [];
    const own = bad.find(
      (other) => other.judge === 'bet' && other.rps === row.rps && other.cell === row.cell,
    );
    const faster = own !== undefined && row.medianS < (own.medianS ?? Number.POSITIVE_INFINITY);
    const asSafe = falseShare(row.judge, row.rps) <= Math.max(0.01, falseShare('bet', row.rps));
    return faster && asSafe ? [`${row.rps} rps, ${row.cell}: ${row.judge} in ${row.medianS} s`] : [];
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
