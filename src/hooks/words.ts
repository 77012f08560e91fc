import { failure, ok, type Result } from '../lib/result.ts';

/**
 * Splits a command line into words as a POSIX shell does (single quotes, double quotes, backslash), and refuses whatever
 * would need a shell: substitution, pipes, redirection, several commands, globs, variables. Nothing is ever expanded.
 */
export function splitWords(line: string): Result<readonly string[], string> {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (character === "'" || character === '"') {
      const quoted = readQuoted(line, at);
      if (quoted === null) return failure(`a quote at column ${at + 1} is not closed`);
      if (quoted.refused !== null) return failure(quoted.refused);
      word = (word ?? '') + quoted.text;
      at = quoted.end;
    } else if (character === '\\') {
      word = (word ?? '') + (line[at + 1] ?? '');
      at += 1;
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if ('|&;<>()$`*?[]{}~#!\n'.includes(character) && needsShell(line, at, word)) {
      return failure(`"${character}" at column ${at + 1} needs a shell, and no shell is run`);
    } else {
      word = (word ?? '') + character;
    }
  }
  if (word !== null) words.push(word);
  return ok(words);
}

/** `?`, `&`, `=` and the like are harmless inside a URL; a shell would glob them, we never do. */
function needsShell(line: string, at: number, word: string | null): boolean {
  const character = line[at] ?? '';
  const insideUrl = word !== null && /^https?:\/\//.test(word);
  if (insideUrl && '?&[]*~!'.includes(character))
    return /\s|^$/.test(line[at + 1] ?? '') && character === '&';
  if (character === '#' || character === '~' || character === '!') return word === null;
  return true;
}

function readQuoted(
  line: string,
  start: number,
): { text: string; end: number; refused: string | null } | null {
  const quote = line[start];
  let text = '';
  for (let at = start + 1; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (character === quote) return { text, end: at, refused: null };
    if (quote === '"' && character === '\\' && '"\\$`'.includes(line[at + 1] ?? ' ')) {
      text += line[at + 1] ?? '';
      at += 1;
    } else if (quote === '"' && (character === '$' || character === '`')) {
      return {
        text,
        end: at,
        refused: `"${character}" at column ${at + 1} needs a shell, and no shell is run`,
      };
    } else {
      text += character;
    }
  }
  return null;
}
