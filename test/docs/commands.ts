import type { Command, Option } from 'commander';
import { globalOptionList } from '../../src/cli/global-options.ts';
import { createProgram } from '../../src/cli/program.ts';
import { type Page, proseOf } from './pages.ts';

/** One `sluice …` of a page. */
export interface Mention {
  readonly line: number;
  readonly words: readonly string[];
}

/**
 * Each command that a page shows: in fenced blocks whatever stands after `sluice` up to the end of that command, in prose
 * only what is set as code.
 */
export function mentionsOf(page: Page): readonly Mention[] {
  const prose = [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(({ index, 1: code = '' }) => ({
    line: lineAt(page.text, index),
    text: code,
  }));
  const blocks = page.blocks
    .filter(({ language }) => ['sh', 'yaml', ''].includes(language))
    .flatMap((block) =>
      block.text
        .replaceAll(/\\\n/g, ' ')
        .split('\n')
        .map((text, index) => ({ line: block.line + index + 1, text }))
        // Without a language it may be a drawing.
        .filter(({ text }) => block.language !== '' || /^(npm|sluice) /.test(text)),
    );
  return [...prose, ...blocks].flatMap(({ line, text }) =>
    commandsIn(text).map((words) => ({ line, words })),
  );
}

/** `a="$(sluice deploy x)" && sluice wait x` holds two. A word is what stands between blanks, or in quotes. */
export function commandsIn(text: string): readonly (readonly string[])[] {
  const code = text.replace(/(^|\s)#.*$/, '').replaceAll(/npm run -s sluice --(?= |$)/g, 'sluice');
  const starts = /(?:^|[\s("`;&|])sluice(?: +((?:"[^"]*"|'[^']*'|[^\s|;&<>()`"']+| +)+)|(?=$|[)"`;&|]))/g;
  return [...code.matchAll(starts)].map(([, rest = '']) =>
    [...rest.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word),
  );
}

/** What is wrong with the words after `sluice`; null: nothing. */
export function problemOf(words: readonly string[]): string | null {
  const program = createProgram(() => Promise.resolve());
  let command: Command = program;
  const globals = globalOptionList();
  let expectsValue = false;
  for (const word of words) {
    if (word === '…') return null;
    if (word.startsWith('-') && word !== '-') {
      if (command.name() === 'load') return null;
      const flag = word.split('=')[0] ?? word;
      const option = [...command.options, ...globals, ...program.options].find((one) => isFlag(one, flag));
      if (option === undefined && flag !== '--help' && flag !== '-h')
        return `"${command.name()}" has no option ${flag}`;
      expectsValue = option !== undefined && (option.required || option.optional) && !word.includes('=');
      continue;
    }
    if (expectsValue) {
      expectsValue = false;
      continue;
    }
    if (command.commands.length === 0) continue;
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) return `there is no command "${word}"`;
    command = next;
  }
  return null;
}

function isFlag(option: Option, flag: string): boolean {
  return option.long === flag || option.short === flag;
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
