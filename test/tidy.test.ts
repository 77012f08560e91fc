import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bannedInPureFolders, foldersOf, functionsOf, importsOf, mayImport, pureFolders } from './tidy.ts';

const root = resolve(import.meta.dirname, '..');
const sources = filesBelow('src').filter((file) => file.endsWith('.ts'));
const everything = ['src', 'test', 'bench', 'scripts', 'examples'].flatMap(filesBelow);

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .toSorted();
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

const isTest = (file: string): boolean => file.endsWith('.test.ts');

describe('the house', () => {
  test('a folder imports only what the table in docs/architecture.md lets it', () => {
    const wrong: string[] = [];
    for (const file of sources.filter((name) => !isTest(name))) {
      const from = foldersOf(file);
      for (const { specifier, typeOnly } of importsOf(read(file))) {
        const target = specifier.startsWith('.')
          ? foldersOf(relative(root, resolve(root, dirname(file), specifier)))
          : specifier;
        if (!mayImport(from, target, typeOnly)) wrong.push(`${file} imports ${specifier}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('the pure folders use no clock, randomness, timer, promise, console, process or throw', () => {
    const wrong: string[] = [];
    for (const file of sources.filter((name) => !isTest(name) && pureFolders.includes(foldersOf(name)))) {
      if (file === 'src/lib/assert.ts') continue;
      for (const found of bannedInPureFolders(read(file))) wrong.push(`${file}:${found.line} ${found.what}`);
    }
    expect(wrong).toEqual([]);
  });

  test('no file is over 600 lines and no function over 90', () => {
    const wrong: string[] = [];
    for (const file of everything.filter((name) => /\.(ts|js|mjs)$/.test(name))) {
      const text = read(file);
      const lines = text.split('\n').length;
      if (lines > 600) wrong.push(`${file} has ${lines} lines`);
      if (isTest(file) || file.startsWith('test/conformance/')) continue;
      for (const found of functionsOf(text)) {
        if (found.lines > 90) wrong.push(`${file}:${found.line} ${found.name} has ${found.lines} lines`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('half of the source files have under 150 lines', () => {
    const lengths = sources.map((file) => read(file).split('\n').length).toSorted((a, b) => a - b);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThan(150);
  });

  test('file names are kebab-case and imports name the file with its ending', () => {
    expect(sources.filter((file) => !/^[a-z0-9-]+(\.test)?\.ts$/.test(file.split('/').at(-1) ?? ''))).toEqual(
      [],
    );
    const wrong = sources.flatMap((file) =>
      importsOf(read(file))
        .filter(({ specifier }) => specifier.startsWith('.') && !/\.(ts|json)$/.test(specifier))
        .map(({ specifier }) => `${file} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test('nothing is left unfinished, skipped or unchecked', () => {
    const marks =
      /\bTO[D]O\b|\bFIX[M]E\b|\bHAC[K]\b|\.skip\(|\.only\(|\.todo\(|as an[y][;,).\]]|@ts-ignor[e]|@ts-expect-erro[r]/;
    const wrong = everything
      .filter((file) => /\.(ts|js|mjs)$/.test(file))
      .flatMap((file) =>
        read(file)
          .split('\n')
          .flatMap((line, index) => (marks.test(line) ? [`${file}:${index + 1}`] : [])),
      );
    expect(wrong).toEqual([]);
  });

  test('every test file asserts something', () => {
    const wrong = everything.filter(
      (file) => isTest(file) && !/\bexpect\b|\bassert\b|Conformance\(/.test(read(file)),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the checks themselves', () => {
  test('see what they are to see', () => {
    expect(
      importsOf(
        "import type { A } from './a.ts';\nexport { b } from '../b.ts';\nconst c = await import('node:fs');",
      ),
    ).toEqual([
      { specifier: './a.ts', typeOnly: true },
      { specifier: '../b.ts', typeOnly: false },
      { specifier: 'node:fs', typeOnly: false },
    ]);
    expect(mayImport('rollout', 'engine', false)).toBe(false);
    expect(mayImport('rollout', 'analysis', false)).toBe(false);
    expect(mayImport('rollout', 'analysis', true)).toBe(true);
    expect(mayImport('resource', 'zod', false)).toBe(true);
    expect(mayImport('rollout', 'node:fs', false)).toBe(false);
    expect(
      bannedInPureFolders(
        'const a = Date.now();\n// Date.now() in a comment\nconst b = "Math.random()";\nthrow new Error();',
      ),
    ).toEqual([
      { line: 1, what: 'Date.now' },
      { line: 4, what: 'throw' },
    ]);
    expect(functionsOf('export function a(): void {\n  b();\n}\n')).toEqual([
      { name: 'a', line: 1, lines: 3 },
    ]);
  });
});
