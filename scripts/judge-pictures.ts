import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJudgeBench } from './pictures/bench-rows.ts';
import { damagePicture } from './pictures/damage-picture.ts';
import { evidencePicture } from './pictures/evidence-picture.ts';
import { frontierPicture } from './pictures/frontier-picture.ts';
import { judgeTables } from './pictures/judge-tables.ts';
import { sightPicture } from './pictures/sight-picture.ts';
import { svgOf } from './pictures/svg.ts';

/**
 * Draws docs/pictures/ from what `npm run -s bench -- judge --json > FILE` printed, and prints the tables of docs/benchmarks.md:
 * `node scripts/judge-pictures.ts FILE`.
 */
const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write(
    'usage: node scripts/judge-pictures.ts FILE, printed by: npm run -s bench -- judge --json\n',
  );
  process.exit(2);
}
const bench = readJudgeBench(await readFile(file, 'utf8'));
const folder = join(import.meta.dirname, '../docs/pictures');
await mkdir(folder, { recursive: true });
const pictures = {
  'judge-evidence': evidencePicture(),
  'judge-frontier': frontierPicture(bench),
  'judge-damage': damagePicture(bench),
  'judge-sight': sightPicture(),
};
for (const [name, picture] of Object.entries(pictures))
  await writeFile(join(folder, `${name}.svg`), svgOf(picture));
process.stdout.write(judgeTables(bench));
