import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
  type YAMLMap,
} from 'yaml';
import { type Finding, findingAt, findingIn, type Path, type Position } from './finding.ts';

/** One YAML document of a file: its plain value, and where each part of it stands. */
export interface SourceDocument {
  readonly file: string;
  /** Of the document within the file, from 0; empty documents count. */
  readonly index: number;
  /** '' where it is absent (a workflow file has none). */
  readonly apiVersion: string;
  readonly kind: string;
  /** `default` where it is absent. */
  readonly namespace: string;
  /** '' where it is absent. */
  readonly name: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** As it stands in the file, comments included, without the separating `---`. */
  readonly text: string;
  /** With comments, for edits. */
  readonly doc: Document;
  /** Of the key (or list item) at `path`; of the nearest parent that exists where it is absent. */
  positionOf(path: Path): Position;
}

const maxCharacters = 4 * 1024 * 1024;

/** Reads a file of YAML (or JSON) documents. Never throws; what cannot be read is a finding and no document. */
export function readDocuments(
  file: string,
  text: string,
): { readonly documents: readonly SourceDocument[]; readonly findings: readonly Finding[] } {
  if (text.length > maxCharacters) {
    const message = `The file has ${text.length} characters; at most ${maxCharacters} are read.`;
    const fix = 'split the file, or point at the right one';
    return {
      documents: [],
      findings: [findingIn(file, { line: 1, column: 1 }, { code: 'yaml-too-large', message, fix })],
    };
  }
  const lines = new LineCounter();
  let parsed: readonly Document[];
  try {
    parsed = [
      ...parseAllDocuments(text, {
        lineCounter: lines,
        merge: true,
        // Looked for below in linear time; the library compares each key with each.
        uniqueKeys: false,
        prettyErrors: false,
        logLevel: 'silent',
      }),
    ];
  } catch (thrown) {
    return { documents: [], findings: [unreadable(file, { line: 1, column: 1 }, thrown)] };
  }
  const documents: SourceDocument[] = [];
  const findings: Finding[] = [];
  let start = 0;
  for (const [index, doc] of parsed.entries()) {
    const end = doc.range?.[2] ?? text.length;
    const read = readDocument({ file, index, doc, lines, text: trimSeparators(text.slice(start, end)) });
    start = end;
    findings.push(...read.findings);
    if (read.document) documents.push(read.document);
  }
  if (documents.length === 0 && findings.length === 0) {
    const message = 'The file holds no document.';
    findings.push(
      findingIn(
        file,
        { line: 1, column: 1 },
        { code: 'yaml-empty', message, fix: 'write a resource, or leave the file out' },
      ),
    );
  }
  return { documents, findings };
}

interface ReadDocument {
  readonly document: SourceDocument | null;
  readonly findings: readonly Finding[];
}

interface Part {
  readonly file: string;
  readonly index: number;
  readonly doc: Document;
  readonly lines: LineCounter;
  readonly text: string;
}

function readDocument({ file, index, doc, lines, text }: Part): ReadDocument {
  const errors = doc.errors.map((error) => unreadable(file, positionAt(lines, error.pos[0]), error));
  if (errors.length > 0) return { document: null, findings: errors };
  if (doc.contents === null || (isScalar(doc.contents) && doc.contents.value === null))
    return { document: null, findings: [] };
  const start = positionAt(lines, doc.contents.range?.[0] ?? 0);
  const plain = toPlain(doc);
  if (!plain.ok) {
    const code = plain.error instanceof ReferenceError ? 'yaml-alias-bomb' : 'yaml-syntax';
    const message = `The document cannot be expanded: ${reasonOf(plain.error)}.`;
    return {
      document: null,
      findings: [
        findingIn(file, start, { code, message, fix: 'write the values out instead of using aliases' }),
      ],
    };
  }
  if (plain.duplicates.length > 0) {
    const findings = plain.duplicates.map((offset) => {
      const message = 'The same key stands twice in one mapping.';
      return findingIn(file, positionAt(lines, offset), {
        code: 'yaml-duplicate-key',
        message,
        fix: 'keep one of them',
      });
    });
    return { document: null, findings };
  }
  if (!isRecord(plain.value)) {
    const message = `The document is ${describe(plain.value)}, not a mapping.`;
    return {
      document: null,
      findings: [
        findingIn(file, start, {
          code: 'yaml-not-a-mapping',
          message,
          fix: 'begin with apiVersion and kind',
        }),
      ],
    };
  }
  const { value } = plain;
  const metadata = isRecord(value['metadata']) ? value['metadata'] : {};
  const pairs: PairIndex = new WeakMap();
  const document: SourceDocument = {
    file,
    index,
    apiVersion: textOf(value['apiVersion'], ''),
    kind: textOf(value['kind'], ''),
    namespace: textOf(metadata['namespace'], 'default') || 'default',
    name: textOf(metadata['name'], ''),
    value,
    text,
    doc,
    positionOf: (path) => positionAt(lines, offsetOf(doc, path, pairs)),
  };
  return { document, findings: [] };
}

/** Documents that describe one resource twice, over all files that are applied together. */
export function findDuplicates(documents: readonly SourceDocument[]): readonly Finding[] {
  const first = new Map<string, SourceDocument>();
  const findings: Finding[] = [];
  for (const document of documents) {
    if (document.kind === '' || document.name === '') continue;
    const key = `${document.kind} ${document.namespace}/${document.name}`;
    const earlier = first.get(key);
    if (earlier === undefined) {
      first.set(key, document);
      continue;
    }
    const { line } = earlier.positionOf(['metadata', 'name']);
    const message = `${key} was already described in ${earlier.file}, line ${line}.`;
    const fix = 'keep one of the two, or give this one another name';
    findings.push(findingAt(document, ['metadata', 'name'], { code: 'duplicate-resource', message, fix }));
  }
  return findings;
}

type Plain =
  | { readonly ok: true; readonly value: unknown; readonly duplicates: readonly number[] }
  | { readonly ok: false; readonly error: unknown };

function toPlain(doc: Document): Plain {
  try {
    const value: unknown = doc.toJS({ maxAliasCount: 100 });
    if (holdsItself(value, new Set()))
      return { ok: false, error: new ReferenceError('an alias stands inside of what it names') };
    return { ok: true, duplicates: duplicateKeys(doc), value };
  } catch (error) {
    return { ok: false, error };
  }
}

/** Every reader of the value recurses; a value that contains itself would never end. */
function holdsItself(value: unknown, above: Set<object>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (above.has(value)) return true;
  above.add(value);
  const found = Object.values(value).some((member) => holdsItself(member, above));
  above.delete(value);
  return found;
}

/** Offsets of keys that stood in their mapping before. `<<` may be repeated: it is no key but a merge. */
function duplicateKeys(doc: Document): readonly number[] {
  const offsets: number[] = [];
  visit(doc, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const name = keyText(key);
        if (name === null || name === '<<') continue;
        if (seen.has(name)) offsets.push(rangeStart(key) ?? 0);
        seen.add(name);
      }
    },
  });
  return offsets;
}

function keyText(key: unknown): string | null {
  if (isScalar(key)) return String(key.value);
  return typeof key === 'string' ? key : null;
}

function unreadable(file: string, position: Position, thrown: unknown): Finding {
  const message = `This is not YAML: ${reasonOf(thrown)}.`;
  const fix = 'correct the syntax; indent with spaces, and quote text with special characters';
  return findingIn(file, position, { code: 'yaml-syntax', message, fix });
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof RangeError) return 'it is nested too deeply';
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.replace(/\s+/g, ' ').replace(/[.:]?\s*$/, '');
}

function positionAt(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** Pairs of each mapping by key, made when it is first looked into: thousands of findings may lie in one. */
type PairIndex = WeakMap<YAMLMap, ReadonlyMap<string, Pair>>;

function pairOf(map: YAMLMap, key: string, pairs: PairIndex): Pair | undefined {
  let index = pairs.get(map);
  if (index === undefined) {
    index = new Map(map.items.map((pair) => [keyText(pair.key) ?? '', pair]));
    pairs.set(map, index);
  }
  return index.get(key);
}

function offsetOf(doc: Document, path: Path, pairs: PairIndex): number {
  let node: unknown = doc.contents;
  let offset = doc.contents?.range?.[0] ?? 0;
  for (const segment of path) {
    if (isAlias(node)) node = node.resolve(doc);
    if (isMap(node)) {
      const pair: Pair | undefined = pairOf(node, String(segment), pairs);
      if (pair === undefined) return offset;
      offset = rangeStart(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof segment === 'number') {
      const item = node.items[segment];
      if (item === undefined) return offset;
      offset = rangeStart(item) ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
}

function trimSeparators(text: string): string {
  let body = text.trimEnd();
  // No pattern here: on a long run of blanks one that ends in \s*$ takes quadratic time.
  if (/\n(?:---|\.\.\.)$/.test(body.slice(-4))) body = body.slice(0, -4).trimEnd();
  while (/^---[ \t]*\r?\n/.test(body.trimStart()))
    body = body.slice(body.indexOf('\n', body.indexOf('---')) + 1);
  return `${body}\n`;
}

function rangeStart(node: unknown): number | undefined {
  return (node as Partial<Node> | null)?.range?.[0];
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : otherwise;
}

function describe(value: unknown): string {
  return Array.isArray(value) ? 'a list' : typeof value === 'string' ? 'text' : `a ${typeof value}`;
}
