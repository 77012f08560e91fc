import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gridOf, latencyCells } from '../../bench/judge/grid.ts';
import { type JudgeBench, readJudgeBench } from './bench-rows.ts';
import { damagePicture } from './damage-picture.ts';
import { evidencePicture } from './evidence-picture.ts';
import { frontierPicture } from './frontier-picture.ts';
import { judgeTables } from './judge-tables.ts';
import { drawnJudges } from './judges.ts';
import { spread } from './plot.ts';
import { sightPicture } from './sight-picture.ts';
import { svgOf } from './svg.ts';

/** What the bench prints, with figures of no importance. */
const bench: JudgeBench = readJudgeBench(
  JSON.stringify({
    name: 'judge',
    figures: {},
    against: {
      rows: [...gridOf([10, 100, 1000]), ...latencyCells].flatMap(({ name, kind, checks, rps }) =>
        drawnJudges.map(({ judge }, index) => ({
          judge,
          cell: name,
          kind,
          checks,
          rps,
          runs: 600,
          rolledBack: 600 - index,
          rolledBackShare: 1 - index / 600,
          interval: [0.9, 1],
          medianS: index === 5 ? null : 10,
          p95S: index === 0 ? 20 : null,
          meanFailed: 10 ** (index / 2),
          overWald: null,
        })),
      ),
      wald: [{ ratio: 3, perBlock: 5, overWald: 1.25 }],
    },
  }),
);

const pictures = {
  'judge-evidence': evidencePicture(),
  'judge-frontier': frontierPicture(bench),
  'judge-damage': damagePicture(bench),
  'judge-sight': sightPicture(),
};

describe.for(Object.entries(pictures))('%s', ([name, picture]) => {
  const svg = svgOf(picture);
  const kept = readFileSync(join(import.meta.dirname, `../../docs/pictures/${name}.svg`), 'utf8');

  test('says what it shows, needs nothing from elsewhere, and is legible on dark paper', () => {
    for (const text of [svg, kept]) {
      expect(text).toMatch(/<title id="title">[^<]{20,}<\/title>\n<desc id="desc">[^<]{100,}<\/desc>/);
      expect(text).toContain('prefers-color-scheme:dark');
      expect(text).not.toMatch(/<script|<image|<foreignObject|href=|url\(|@import|NaN|Infinity|undefined/);
    }
  });

  test('the words fit into the picture', () => {
    for (const [, x = '', anchor = '', words = ''] of svg.matchAll(
      /<text x="([\d.]+)"[^>]*?(?:text-anchor="(\w+)")?>([^<]*)</g,
    )) {
      const room = anchor === 'middle' || anchor === 'end' ? Number(x) : picture.width - Number(x);
      if (svg.includes(`rotate(-90 ${x} `) && anchor === 'middle') continue;
      expect(words.length * 6.6, words).toBeLessThan(room + (anchor === 'middle' ? room : 0));
    }
  });

  test('is the same each time, and as "node scripts/judge-pictures.ts" wrote it into docs', () => {
    const again = { 'judge-evidence': evidencePicture, 'judge-sight': sightPicture }[name];
    if (again !== undefined) expect(svgOf(again())).toBe(svg);
    if (again !== undefined) expect(kept).toBe(svg);
  });
});

test('labels keep apart, and the lowest stays', () => {
  expect(spread([100, 95, 20], 17)).toEqual([100, 83, 20]);
});

test('tables name what was not found', () => {
  const text = judgeTables(bench);
  expect(text).toContain('| kayenta 5m | not found; 316 failed; missed 5 of 600 |');
  expect(text).toContain('| bet | 10 / 20 s; 1 failed |');
  expect(text).toContain('| argo 5m, limit 3 | 10 / ∞ s; 32 failed; missed 3 of 600 |');
  expect(text).toContain('| 3 × the limit | 1.25 |');
});

test('refuses what is not of this bench', () => {
  expect(() => readJudgeBench('{"name":"drops","figures":{},"against":{}}')).toThrow('judge');
});
