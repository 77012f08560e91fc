import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { situations } from './situations.ts';

const here = import.meta.dirname;
const spec = readFileSync(join(here, 'SPEC.md'), 'utf8');
const files = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && file !== 'spec.test.ts',
);
const texts = new Map(files.map((file) => [file, readFileSync(join(here, file), 'utf8')]));
const clauses = [...spec.matchAll(/^\| ([RN]\d+) \|/gm)].map((match) => match[1] ?? '');

function namedIn(isWanted: (file: string) => boolean): ReadonlySet<string> {
  const wanted = [...texts].filter(([file]) => isWanted(file));
  return new Set(wanted.flatMap(([, text]) => [...text.matchAll(/\b[RN]\d+\b/g)].map(([name]) => name)));
}

const isTest = (file: string): boolean => file.endsWith('.test.ts');
const isSource = (file: string): boolean => !isTest(file) && !file.startsWith('testing/');

describe('SPEC.md', () => {
  test('numbers each clause once', () => {
    expect(new Set(clauses).size).toBe(clauses.length);
    expect(clauses.length).toBeGreaterThan(50);
  });

  test('has every clause named in code and in a test', () => {
    const [code, tests] = [namedIn(isSource), namedIn(isTest)];
    expect(clauses.filter((clause) => !code.has(clause))).toEqual([]);
    expect(clauses.filter((clause) => !tests.has(clause))).toEqual([]);
  });

  test('has every clause that code or a test names', () => {
    expect([...namedIn(() => true)].filter((name) => !clauses.includes(name)).toSorted()).toEqual([]);
  });

  test('names files that exist, and the clause stands in each of them that is code', () => {
    const wrong: string[] = [];
    for (const [, clause = '', row = ''] of spec.matchAll(/^\| ([RN]\d+) \|(.*)$/gm)) {
      const named = [...row.matchAll(/`([\w./-]+\.ts)`/g)].map((match) => match[1] ?? '');
      for (const file of named) {
        if (!texts.has(file)) wrong.push(`${clause}: there is no ${file}`);
      }
      const tests = named.filter(isTest);
      if (!tests.some((file) => texts.get(file)?.includes(clause)))
        wrong.push(`${clause}: no test of it names it`);
      const code = named.filter((file) => !isTest(file));
      if (clause.startsWith('R') && !code.some((file) => texts.get(file)?.includes(clause)))
        wrong.push(`${clause}: no code of it names it`);
    }
    expect(wrong).toEqual([]);
  });

  test('explains every reason and every state', () => {
    const stateSource = texts.get('state.ts') ?? '';
    const union = (name: string): readonly string[] =>
      [
        ...(new RegExp(`export type ${name} =([^;]*);`).exec(stateSource)?.[1] ?? '').matchAll(/'([\w-]+)'/g),
      ].map((match) => match[1] ?? '');
    const missing = [...union('Reason'), ...union('StateName'), ...union('TerminalName')].filter(
      (word) => !spec.includes(word),
    );
    expect(missing).toEqual([]);
    expect(situations.length).toBeGreaterThan(30);
  });
});
