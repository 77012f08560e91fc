import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import { ConfigNode } from './config-node.ts';
import { configurationError, errnoOf, fileProblem } from './configuration-error.ts';

/** Entries by name, each still knowing the file it came from: relative paths are meant from there. */
export interface Kubeconfig {
  readonly files: readonly string[];
  readonly currentContext: string;
  readonly clusters: ReadonlyMap<string, ConfigNode>;
  readonly users: ReadonlyMap<string, ConfigNode>;
  readonly contexts: ReadonlyMap<string, ConfigNode>;
}

/** Null where there is no such file. */
export async function readKubeconfig(file: string): Promise<Kubeconfig | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return null;
    throw configurationError(`kubeconfig ${file} ${fileProblem(thrown)}`, thrown);
  }
  return parseKubeconfig(file, text);
}

/**
 * YAML or JSON. As kubectl: fields that nobody knows are passed over, a name that stands twice in one list is an error. The parser's own
 * messages quote the file and with it tokens, so only its code and the place are told.
 */
export function parseKubeconfig(file: string, text: string): Kubeconfig {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { prettyErrors: false, lineCounter });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    const what = error.code.toLowerCase().replaceAll('_', ' ');
    throw configurationError(
      `kubeconfig ${file} is not valid YAML at line ${line}, column ${col} (${what}); write the file anew or correct that line`,
    );
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch {
    throw configurationError(`kubeconfig ${file} has aliases that lead nowhere or are too many; remove them`);
  }
  const root = new ConfigNode(file, '', value ?? {});
  const kind = root.text('kind');
  if (kind !== '' && kind !== 'Config')
    throw configurationError(`${file} is no kubeconfig: its kind is not Config; name another file`);
  const version = root.text('apiVersion');
  if (version !== '' && version !== 'v1')
    throw configurationError(`kubeconfig ${file}: apiVersion must be v1`);
  return {
    files: [file],
    currentContext: root.text('current-context'),
    clusters: named(root, 'clusters', 'cluster'),
    users: named(root, 'users', 'user'),
    contexts: named(root, 'contexts', 'context'),
  };
}

function named(root: ConfigNode, list: string, field: string): ReadonlyMap<string, ConfigNode> {
  const entries = new Map<string, ConfigNode>();
  for (const entry of root.nodes(list)) {
    const name = entry.requiredText('name');
    if (entries.has(name)) throw entry.error('name', `"${name}" stands twice; remove one of the two`);
    entries.set(name, entry.node(field) ?? new ConfigNode(entry.file, `${entry.path}.${field}`, {}));
  }
  return entries;
}

/**
 * kubectl's rule: the first file that has a name has it whole, later files add only names that are new; the first current-context that is
 * set is the one.
 */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const merged = (of: (config: Kubeconfig) => ReadonlyMap<string, ConfigNode>): Map<string, ConfigNode> =>
    new Map(configs.toReversed().flatMap((config) => [...of(config)]));
  return {
    files: configs.flatMap(({ files }) => files),
    currentContext: configs.find(({ currentContext }) => currentContext !== '')?.currentContext ?? '',
    clusters: merged(({ clusters }) => clusters),
    users: merged(({ users }) => users),
    contexts: merged(({ contexts }) => contexts),
  };
}
