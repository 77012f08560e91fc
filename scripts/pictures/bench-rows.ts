import { z } from 'zod';

const row = z.object({
  judge: z.string(),
  cell: z.string(),
  kind: z.enum(['same', 'shown', 'bad']),
  checks: z.enum(['errors', 'latency', 'both']),
  rps: z.number(),
  runs: z.number(),
  rolledBack: z.number(),
  rolledBackShare: z.number(),
  interval: z.tuple([z.number(), z.number()]),
  medianS: z.number().nullable(),
  p95S: z.number().nullable(),
  meanFailed: z.number(),
  overWald: z.number().nullable(),
});

const output = z.object({
  name: z.literal('judge'),
  figures: z.record(z.string(), z.number().nullable()),
  against: z.object({
    rows: z.array(row),
    wald: z.array(z.object({ ratio: z.number(), perBlock: z.number(), overWald: z.number() })),
  }),
});

export type BenchRow = z.output<typeof row>;
export type JudgeBench = z.output<typeof output>;

/** What `npm run -s bench -- judge --json` prints. Throws if it is something else. */
export function readJudgeBench(text: string): JudgeBench {
  return output.parse(JSON.parse(text));
}

/** Throws if there is none. */
export function rowAt(bench: JudgeBench, judge: string, rps: number, cell: string): BenchRow {
  const found = bench.against.rows.find((one) => one.judge === judge && one.rps === rps && one.cell === cell);
  if (found === undefined) throw new Error(`the bench has no ${judge} at ${rps} rps: ${cell}`);
  return found;
}
