import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  parseAllDocuments,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { canonicalJson } from '../lib/canonical-json.ts';
import type { Edit, Path } from './finding.ts';

/**
 * Applies one edit to the text of a file, or returns null where its place does not exist. Only the lines concerned change;
 * where that cannot be done (flow style, anchors) the document is written anew, which keeps comments but not spacing.
 */
export function applyEdit(text: string, edit: Edit): string | null {
  const documents = parse(text);
  const document = documents?.[edit.document];
  if (!documents || !document) return null;
  const wanted = editedDocument(text, edit);
  if (wanted === null) return null;
  const surgical = rewriteLines(text, document, edit);
  if (surgical !== null && sameContent(parse(surgical), wanted)) return surgical;
  return wanted.map((one, index) => withSeparator(one.toString({ lineWidth: 0 }), index)).join('');
}

function withSeparator(text: string, index: number): string {
  return index > 0 && !text.startsWith('---') ? `---\n${text}` : text;
}

function parse(text: string): readonly Document[] | null {
  try {
    const documents = [...parseAllDocuments(text, { prettyErrors: false, logLevel: 'silent', merge: true })];
    return documents.some(({ errors }) => errors.length > 0) ? null : documents;
  } catch {
    return null;
  }
}

function sameContent(actual: readonly Document[] | null, wanted: readonly Document[]): boolean {
  if (actual === null || actual.length !== wanted.length) return false;
  return actual.every((document, index) => content(document) === content(wanted[index]));
}

function content(document: Document | undefined): string | null {
  try {
    return canonicalJson(document?.toJS({ maxAliasCount: 100 }) ?? null);
  } catch {
    return null;
  }
}

/** The same documents with the edit made on their nodes. */
function editedDocument(text: string, edit: Edit): readonly Document[] | null {
  const documents = parse(text);
  const document = documents?.[edit.document];
  if (!documents || !document) return null;
  return editNodes(document, edit) ? documents : null;
}

function editNodes(document: Document, edit: Edit): boolean {
  try {
    switch (edit.kind) {
      case 'set':
        document.setIn(edit.path, document.createNode(edit.value));
        return true;
      case 'remove':
        return document.deleteIn(edit.path);
      case 'rename': {
        const pair = pairAt(document, edit.path);
        if (!pair || !isScalar(pair.key)) return false;
        pair.key.value = edit.key;
        return true;
      }
      case 'move': {
        const node = document.getIn(edit.path, true);
        // What stands at the goal already is what somebody meant.
        if (node === undefined || document.hasIn(edit.to))
          return node !== undefined && document.deleteIn(edit.path);
        document.deleteIn(edit.path);
        document.setIn(edit.to, node);
        return true;
      }
    }
  } catch {
    return false;
  }
}

function nodeAt(document: Document, path: Path): unknown {
  let node: unknown = document.contents;
  for (const segment of path) {
    if (isMap(node)) node = node.items.find((pair) => keyOf(pair) === String(segment))?.value;
    else if (isSeq(node) && typeof segment === 'number') node = node.items[segment];
    else return undefined;
  }
  return node;
}

function pairAt(document: Document, path: Path): Pair | undefined {
  const parent = nodeAt(document, path.slice(0, -1));
  return isMap(parent) ? parent.items.find((pair) => keyOf(pair) === String(path.at(-1))) : undefined;
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : '';
}

function rewriteLines(text: string, document: Document, edit: Edit): string | null {
  switch (edit.kind) {
    case 'set':
      return setLines(text, document, edit.path, edit.value);
    case 'remove': {
      const lines = linesOf(text, document, edit.path);
      return lines && text.slice(0, lines.from) + text.slice(lines.to);
    }
    case 'rename': {
      const key = pairAt(document, edit.path)?.key;
      const range = isScalar(key) ? key.range : null;
      return range ? text.slice(0, range[0]) + edit.key + text.slice(range[1]) : null;
    }
    case 'move':
      return moveLines(text, document, edit.path, edit.to);
  }
}

function setLines(text: string, document: Document, path: Path, value: unknown): string | null {
  const existing = nodeAt(document, path);
  if (isScalar(existing) && existing.range) {
    const [from, to] = existing.range;
    if (existing.type === 'BLOCK_LITERAL' || existing.type === 'BLOCK_FOLDED') return null;
    return `${text.slice(0, from)}${from === to ? ' ' : ''}${inline(value)}${text.slice(to)}`;
  }
  if (existing !== undefined && existing !== null) return null;
  const parent = nodeAt(document, path.slice(0, -1));
  const key = path.at(-1);
  if (isSeq(parent) && key === parent.items.length) return insert(text, parent, `- ${inline(value)}`);
  if (isMap(parent) && typeof key === 'string')
    return insert(text, parent, `${inline(key)}: ${inline(value)}`);
  return null;
}

function inline(value: unknown): string {
  const written = stringify(value, {
    lineWidth: 0,
    collectionStyle: 'flow',
    flowCollectionPadding: false,
  }).trimEnd();
  return written.includes('\n') ? JSON.stringify(value) : written;
}

/** Adds a line at the end of a block collection, indented like its first item. */
function insert(text: string, parent: YAMLMap | YAMLSeq, line: string): string | null {
  const [first] = parent.items;
  const start = rangeOf(isMap(parent) ? (first as Pair | undefined)?.key : first)?.[0];
  if (parent.flow === true || start === undefined) return null;
  // An item's own range begins after its dash.
  const column = isSeq(parent)
    ? text.lastIndexOf('-', start) - lineStart(text, start)
    : start - lineStart(text, start);
  const end = endOfLast(text, parent);
  if (column < 0 || end === null) return null;
  const glue = text.charAt(end - 1) === '\n' ? '' : '\n';
  return `${text.slice(0, end)}${glue}${' '.repeat(column)}${line}\n${text.slice(end)}`;
}

function endOfLast(text: string, parent: YAMLMap | YAMLSeq): number | null {
  const last = parent.items.at(-1);
  const range = isMap(parent)
    ? (rangeOf((last as Pair | undefined)?.value) ?? rangeOf((last as Pair | undefined)?.key))
    : rangeOf(last);
  return range ? afterLine(text, range[1]) : null;
}

function rangeOf(node: unknown): readonly [number, number, number] | null {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range ?? null) : null;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Offset of the line after the one in which a node that ends at `offset` ends. */
function afterLine(text: string, offset: number): number {
  if (offset > 0 && text.charAt(offset - 1) === '\n') return offset;
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end + 1;
}

/** The whole lines of a key and its value, if they have them for themselves and the mapping keeps another key. */
function linesOf(
  text: string,
  document: Document,
  path: Path,
): { readonly from: number; readonly to: number; readonly column: number } | null {
  const parent = nodeAt(document, path.slice(0, -1));
  const pair = pairAt(document, path);
  const key = rangeOf(pair?.key);
  if (!isMap(parent) || parent.flow === true || parent.items.length < 2 || !pair || !key) return null;
  const from = lineStart(text, key[0]);
  if (text.slice(from, key[0]).trim() !== '') return null;
  return { from, to: afterLine(text, (rangeOf(pair.value) ?? key)[1]), column: key[0] - from };
}

/** Moves the lines of a key, together with the comment right above them, to the end of the mapping at `to`. */
function moveLines(text: string, document: Document, path: Path, to: Path): string | null {
  const lines = linesOf(text, document, path);
  const goal = nodeAt(document, to.slice(0, -1));
  const key = pairAt(document, path)?.key;
  if (!lines || !isMap(goal) || goal.flow === true || !isScalar(key) || key.value !== to.at(-1)) return null;
  const first = rangeOf(goal.items[0]?.key);
  const end = endOfLast(text, goal);
  if (!first || end === null || end < lines.to) return null;
  const column = first[0] - lineStart(text, first[0]);
  const from = commentAbove(text, lines.from);
  const block = text.slice(from, lines.to);
  const ending = block.endsWith('\n') ? '' : '\n';
  const moved = block
    .split('\n')
    .map((line) =>
      line.trim() === ''
        ? line
        : ' '.repeat(column) + line.slice(Math.min(lines.column, line.length - line.trimStart().length)),
    );
  const between = text.slice(lines.to, end);
  return text.slice(0, from) + between + moved.join('\n') + ending + text.slice(end);
}

function commentAbove(text: string, offset: number): number {
  let from = offset;
  while (from > 0) {
    const start = lineStart(text, from - 1);
    if (!text.slice(start, from).trimStart().startsWith('#')) return from;
    from = start;
  }
  return from;
}
