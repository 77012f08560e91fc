import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJudgeBench } from './pictures/bench-rows.ts';
import { damagePicture } from './pictures/damage-picture.ts';
import { evidencePicture } from './pictures/evidence-picture.ts';
import { frontierPicture } from './pictures/frontier-picture.ts';
import { judgeTables } from './pictures/judge-tables.ts';
import { sightPicture } from './pictures/sight-picture.ts';
import { type Picture, svgOf } from './pictures/svg.ts';

/**
 * `node scripts/judge-pictures.ts [FILE]` draws docs/pictures/. FILE is what `npm run -s bench -- judge --json > FILE` printed: from it
 * come two of the pictures, and the tables of docs/benchmarks.md, which are printed. Without it the other two are drawn.
 */
const [file] = process.argv.slice(2);
const folder = join(import.meta.dirname, '../docs/pictures');
await mkdir(folder, { recursive: true });
await draw('judge-evidence', evidencePicture());
await draw('judge-sight', sightPicture());
if (file !== undefined) {
  const bench = readJudgeBench(await readFile(file, 'utf8'));
  await draw('judge-frontier', frontierPicture(bench));
  await draw('judge-damage', damagePicture(bench));
  process.stdout.write(judgeTables(bench));
}

async function draw(name: string, picture: Picture): Promise<void> {
  await writeFile(join(folder, `${name}.svg`), svgOf(picture));
}
