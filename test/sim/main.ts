import { parseArgs } from 'node:util';
import { Coverage } from './coverage.ts';
import { reportLines } from './report.ts';
import { simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    /** How many, from `seed` on. */
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
  },
});

const first = Number(values.seed);
const last = first + Number(values.seeds) - 1;
const coverage = new Coverage();
const startedMs = performance.now();
let failed = 0;
for (let seed = first; seed <= last; seed += 1) {
  const violations = await simulate(seed, coverage, values.verbose ? say : undefined);
  if (violations.length === 0) continue;
  failed += 1;
  for (const violation of violations) say(`seed ${seed}: ${violation}`);
  say(`replay it: npm run sim -- --seeds 1 --seed ${seed} --verbose`);
}
const seconds = (performance.now() - startedMs) / 1_000;
for (const line of reportLines(coverage, seconds)) say(line);
say(`${last - first + 1} seeds, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
