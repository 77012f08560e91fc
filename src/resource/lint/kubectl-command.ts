/** One kubectl call in a script. */
export interface KubectlCommand {
  /** Of its first word in the script. */
  readonly offset: number;
  /** Words that are no flags: `rollout`, `undo`, `deployment/shop`. */
  readonly words: readonly string[];
  /** `--timeout=5m` and `--timeout 5m` alike; `''` for a flag without a value. */
  readonly flags: ReadonlyMap<string, string>;
}

const shortFlags: Readonly<Record<string, string>> = {
  n: 'namespace',
  l: 'selector',
  f: 'filename',
  o: 'output',
};
const switches = new Set(['force', 'watch', 'w', 'all', 'wait', 'A', 'all-namespaces']);

/** The kubectl calls of a shell script, as far as they are written out: no shell is run, and variables stay as they are. */
export function kubectlCommands(script: string): readonly KubectlCommand[] {
  return commandLines(script).flatMap(({ offset, text }) => {
    const start = text.search(/(^|[\s;(])kubectl\s/);
    if (start < 0) return [];
    const from = text.indexOf('kubectl', start);
    const words = text
      .slice(from)
      .split(/\s+/)
      .map((word) => word.replaceAll(/^["']|["']$/g, ''))
      .filter((word) => word !== '' && word !== '\\');
    return [{ offset: offset + from, ...readWords(words.slice(1)) }];
  });
}

function readWords(all: readonly string[]): Pick<KubectlCommand, 'words' | 'flags'> {
  const words: string[] = [];
  const flags = new Map<string, string>();
  for (let index = 0; index < all.length; index += 1) {
    const word = all[index] ?? '';
    const match = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/.exec(word);
    if (!match) {
      words.push(word);
      continue;
    }
    const name = shortFlags[match[1] ?? ''] ?? match[1] ?? '';
    const next = all[index + 1];
    if (match[2] !== undefined) flags.set(name, match[2]);
    else if (switches.has(name) || next === undefined || next.startsWith('-')) flags.set(name, '');
    else {
      flags.set(name, next);
      index += 1;
    }
  }
  return { words, flags };
}

/** Commands with their continuation lines, comments left out, split at `&&`, `||`, `;` and `|`. */
function commandLines(script: string): readonly { readonly offset: number; readonly text: string }[] {
  const joined = script.replaceAll(/\\\r?\n/g, (found) => ' '.repeat(found.length));
  const commands: { offset: number; text: string }[] = [];
  let offset = 0;
  for (const line of joined.split('\n')) {
    let at = offset;
    if (!line.trimStart().startsWith('#')) {
      for (const part of line.split(/(&&|\|\||;|\|)/)) {
        commands.push({ offset: at, text: part });
        at += part.length;
      }
    }
    offset += line.length + 1;
  }
  return commands;
}
