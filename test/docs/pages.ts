import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

/**
 * A fenced block. The word after the language says what a test does with it:
 * `sh` is run, `sh exit=2` must end so, `sh not-run: why` is not run, `yaml file=x.yaml` is written to that file.
 */
export interface Block {
  readonly language: string;
  readonly rest: string;
  readonly text: string;
  readonly line: number;
}

export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** `<!-- before: … -->`: commands that make the situation that the page is about; readers do not see them. */
  readonly before: string;
}

/** Pages that people wrote, whose commands are run. */
export function writtenPages(): readonly Page[] {
  return allPages().filter(({ text }) => !text.startsWith('<!-- Made by "npm run gen"'));
}

/** README and everything below docs/. */
export function allPages(): readonly Page[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .toSorted();
  return ['README.md', ...docs].map((path) => readPage(path, readFileSync(join(root, path), 'utf8')));
}

export function readPage(path: string, text: string): Page {
  const before = [...text.matchAll(/<!-- before:\n([\s\S]*?)-->/g)].map(([, script = '']) => script);
  return { path, text, blocks: blocksOf(text), before: before.join('') };
}

function blocksOf(text: string): readonly Block[] {
  const found: Block[] = [];
  const fence = /^( *)```([^\s`]*)[ ]?(.*)\n([\s\S]*?)^\1```$/gm;
  for (const match of text.matchAll(fence)) {
    const [, indent = '', language = '', rest = '', body = ''] = match;
    found.push({
      language,
      rest,
      text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      line: text.slice(0, match.index).split('\n').length,
    });
  }
  return found;
}

/** The page without fenced blocks, whose lines stay empty. */
export function proseOf({ text }: Page): string {
  return text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, (block) => block.replaceAll(/[^\n]/g, ''));
}

/** Anchors of the headings, as GitHub makes them. */
export function anchorsOf(page: Page): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of proseOf(page).matchAll(/^#{1,6} +(.+)$/gm)) {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}
