import { parseArgs } from 'node:util';
import { Coverage } from './coverage.ts';
import { Simulation } from './simulation.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
  },
});

const first = Number(values.seed);
const seeds = Number(values.seeds);
const coverage = new Coverage();
const startedMs = performance.now();
let failed = 0;
for (let seed = first; seed < first + seeds; seed += 1) {
  const verbose = values.verbose ? { verbose: (line: string) => process.stderr.write(`${line}\n`) } : {};
  const simulation = new Simulation({ seed, coverage, ...verbose });
  const t0 = performance.now();
  const violations = await simulation.run();
  const took = performance.now() - t0;
  if (took > 200) console.error('slow', seed, took, simulation.world.clock.nowMs());
  if (violations.length === 0) continue;
  failed += 1;
  for (const violation of violations.slice(0, 5)) process.stdout.write(`seed ${seed}: ${violation}\n`);
  process.stdout.write(`  npm run sim -- --seeds 1 --seed ${seed} --verbose\n`);
}
const seconds = (performance.now() - startedMs) / 1_000;
console.log(
  coverage.rollouts,
  coverage.virtualMs / 3600000,
  coverage.rollouts / seconds,
  coverage.events / seconds,
  coverage.ends,
  coverage.invariants,
);
process.exitCode = failed > 0 ? 1 : 0;
