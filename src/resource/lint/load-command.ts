import { parseDuration } from '../../lib/duration.ts';

const generators = new Set([
  'hey',
  'wrk',
  'wrk2',
  'ghz',
  'k6',
  'ab',
  'vegeta',
  'bombardier',
  'fortio',
  'oha',
]);

export interface LoadCommand {
  readonly generator: string;
  /** null where the command does not say. */
  readonly durationMs: number | null;
  readonly urls: readonly string[];
}

export function isLoadCommand(command: string): boolean {
  return readLoadCommand(command) !== null;
}

/** A command line that makes load, as far as it says how long and where to; null for any other. */
export function readLoadCommand(command: string): LoadCommand | null {
  const words = command
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll(/^["']|["']$/g, ''));
  const generator = words[0]?.split('/').at(-1) ?? '';
  if (!generators.has(generator)) return null;
  const flags = ['-z', '-d', '--duration', '-duration', '-t'];
  const index = words.findIndex((word, at) => flags.includes(word) && parseDuration(words[at + 1] ?? '').ok);
  const parsed = index >= 0 ? parseDuration(words[index + 1] ?? '') : null;
  return {
    generator,
    durationMs: parsed?.ok ? parsed.value : null,
    urls: words.filter((word) => /^https?:\/\//.test(word)),
  };
}
