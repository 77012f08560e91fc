/** First line of every page, so that nobody edits it by hand. `sources` are paths from the root of the repository. */
export function madeFrom(...sources: readonly string[]): string {
  return `<!-- Made by "npm run gen" from ${sources.join(', ')}. Do not edit. -->`;
}

/** A table; cells are Markdown already, but for what would end them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** Blocks with an empty line between them, and one line end after the last. */
export function page(...blocks: readonly string[]): string {
  return `${blocks.join('\n\n')}\n`;
}

/** The texts of a hand-written table for exactly these names. Throws if one is missing or belongs to nothing. */
export function textsFor<Text>(
  what: string,
  names: readonly string[],
  texts: Readonly<Record<string, Text>>,
): (name: string) => Text {
  const missing = names.filter((name) => !Object.hasOwn(texts, name));
  const idle = Object.keys(texts).filter((name) => !names.includes(name));
  if (missing.length > 0) throw new Error(`${what} without a text: ${missing.join(', ')}`);
  if (idle.length > 0) throw new Error(`texts for no ${what}: ${idle.join(', ')}`);
  return (name) => texts[name] as Text;
}
