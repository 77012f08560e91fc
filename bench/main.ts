import { readdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { Bench, BenchResult } from './bench.ts';

/** `npm run -s bench -- NAME [--json] [--quick]`: text for people on stderr; with --json the last line of stdout is one object. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});

const names = readdirSync(import.meta.dirname)
  .map((file) => /^([a-z-]+)\.bench\.ts$/.exec(file)?.[1])
  .filter((name) => name !== undefined);

const [name = ''] = positionals;
if (!names.includes(name)) {
  process.stderr.write(
    `usage: npm run -s bench -- NAME [--json] [--quick]\nNAME is one of: ${names.join(', ')}\n`,
  );
  process.exit(2);
}

const bench = (await import(`./${name}.bench.ts`)) as Bench;
const result = await bench.run({ quick: values.quick, say: (line) => process.stderr.write(`${line}\n`) });
report(name, result);
process.exit(0);

function report(benchName: string, { figures, against }: BenchResult): void {
  const width = Math.max(...Object.keys(figures).map((key) => key.length));
  for (const [key, value] of Object.entries(figures))
    process.stderr.write(`${key.padEnd(width)}  ${value}\n`);
  if (!values.json) return;
  const machine = {
    cores: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
  process.stdout.write(`${JSON.stringify({ name: benchName, figures, against, machine })}\n`);
}
