/** Folders of `src/` whose code decides and never acts. */
export const pureFolders: readonly string[] = ['lib', 'rollout', 'analysis', 'resource'];

/** Who may import whom, besides `lib`; the same table stands in docs/architecture.md. `types:` = types only. */
export const importTable: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  rollout: ['types:analysis'],
  analysis: [],
  resource: [
    'rollout',
    'analysis',
    'zod',
    'yaml',
    '@prometheus-io/lezer-promql',
    '@lezer/common',
    'node:crypto',
  ],
  engine: ['rollout', 'analysis', 'resource'],
  'platform/local': ['engine', 'resource', 'types:rollout', 'undici'],
  metrics: ['engine', 'analysis', 'types:rollout', 'undici'],
  hooks: ['engine', 'types:rollout', 'undici'],
  notify: ['engine', 'hooks', 'types:rollout'],
  kube: ['undici', 'yaml', 'prom-client'],
  record: ['engine', 'types:rollout', 'types:analysis', 'kysely'],
  server: ['engine', 'resource', 'types:rollout', 'types:analysis', 'hono', '@hono/node-server', 'zod'],
  client: ['types:resource', 'eventsource-parser', 'undici'],
  cli: ['client', 'resource', 'rollout', 'analysis', 'commander', 'picocolors', 'log-update', 'yaml', 'diff'],
  main: ['*'],
};

/** The folder of `src/` that a file belongs to: `src/platform/local/x.ts` is `platform/local`. */
export function foldersOf(file: string): string {
  const parts = file.split('/');
  if (parts[0] !== 'src') return file;
  return parts[1] === 'platform' ? `platform/${parts[2]}` : (parts[1] ?? '');
}

export function mayImport(from: string, target: string, typeOnly: boolean): boolean {
  const allowed = importTable[from];
  if (allowed === undefined) return false;
  if (allowed.includes('*') || target === from || target === 'lib') return true;
  if (target.startsWith('node:') && !pureFolders.includes(from)) return true;
  const bare = target.startsWith('@')
    ? target.split('/').slice(0, 2).join('/')
    : (target.split('/')[0] ?? '');
  const names = target.includes('platform/') ? [target] : [target, bare];
  return names.some((name) => allowed.includes(name) || (typeOnly && allowed.includes(`types:${name}`)));
}

export interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** Static and dynamic imports and re-exports, in order of appearance. */
export function importsOf(text: string): Import[] {
  const pattern =
    /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;
  return [...text.matchAll(pattern)].map((match) => ({
    specifier: match[2] ?? match[3] ?? '',
    typeOnly: match[1] !== undefined,
  }));
}

const banned: readonly (readonly [string, RegExp])[] = [
  ['Date.now', /\bDate\.now\b/],
  ['new Date()', /\bnew Date\(\s*\)/],
  ['Math.random', /\bMath\.random\b/],
  ['a timer', /\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/],
  ['async', /\basync\b|\bawait\b/],
  ['Promise', /\bPromise\b/],
  ['console', /\bconsole\./],
  ['process', /\bprocess\./],
  ['throw', /\bthrow\b/],
];

export function bannedInPureFolders(text: string): { readonly line: number; readonly what: string }[] {
  return withoutCommentsAndStrings(text)
    .split('\n')
    .flatMap((line, index) =>
      banned.flatMap(([what, pattern]) => (pattern.test(line) ? [{ line: index + 1, what }] : [])),
    );
}

/** Blanks comments, strings, template text and regular expressions, keeping the line numbers. */
function withoutCommentsAndStrings(text: string): string {
  return text.replaceAll(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g,
    (found) => found.replaceAll(/[^\n]/g, ' '),
  );
}

/** Named functions and methods with their length; by indentation, which the formatter guarantees. */
export function functionsOf(
  text: string,
): { readonly name: string; readonly line: number; readonly lines: number }[] {
  const lines = text.split('\n');
  const found: { name: string; line: number; lines: number }[] = [];
  for (const [index, line] of lines.entries()) {
    const match =
      /^(\s*)(?:export )?(?:default )?(?:async )?function\*? (\w+)/.exec(line) ??
      /^(\s*)(?:export )?const (\w+) = (?:async )?\([^)]*\)[^=]*=> \{$/.exec(line) ??
      /^(\s+)(?:static |private |protected |override |async |#)*(\w+)\([^)]*\)[^;=]*\{$/.exec(line);
    if (match === null || ['if', 'for', 'while', 'switch', 'catch'].includes(match[2] ?? '')) continue;
    const end = lines.findIndex((other, at) => at > index && other.startsWith(`${match[1]}}`));
    if (end > index) found.push({ name: match[2] ?? '', line: index + 1, lines: end - index + 1 });
  }
  return found;
}
