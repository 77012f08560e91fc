import { asObject, isList, isObject, type Json, type JsonObject, same } from './json.ts';
import { badRequest, patchDoesNotApply, tooLarge } from './status.ts';

/** RFC 7386. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: Record<string, Json> = { ...asObject(target) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

const mostOperations = 10_000;

/** RFC 6902. An operation that does not apply, a failed `test` included, is 422. */
export function jsonPatch(document: JsonObject, patch: Json): Json {
  if (!isList(patch)) throw badRequest('invalid JSON patch: not a list of operations');
  if (patch.length > mostOperations) {
    throw tooLarge(
      `The allowed maximum operations in a JSON patch is ${mostOperations}, got ${patch.length}`,
    );
  }
  return patch.reduce<Json>((value, operation) => applyOperation(value, asObject(operation)), document);
}

function applyOperation(document: Json, { op, path, from, value }: JsonObject): Json {
  if (typeof path !== 'string') throw badRequest('invalid JSON patch: an operation has no path');
  const target = pointer(path);
  const source = typeof from === 'string' ? pointer(from) : [];
  switch (op) {
    case 'add':
      return edit(document, target, 'add', value ?? null);
    case 'replace':
      return edit(document, target, 'replace', value ?? null);
    case 'remove':
      return edit(document, target, 'remove', null);
    case 'test':
      if (!same(read(document, target) ?? null, value ?? null)) {
        throw patchDoesNotApply();
      }
      return document;
    case 'move': {
      const moved = read(document, source) ?? null;
      return edit(edit(document, source, 'remove', null), target, 'add', moved);
    }
    case 'copy':
      return edit(document, target, 'add', read(document, source) ?? null);
    default:
      throw badRequest(`invalid JSON patch: Unexpected kind: ${JSON.stringify(op)}`);
  }
}

function pointer(path: string): readonly string[] {
  if (path === '') return [];
  return path
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(document: Json, path: readonly string[]): Json | undefined {
  let here: Json | undefined = document;
  for (const part of path) here = isList(here) ? here[Number(part)] : isObject(here) ? here[part] : undefined;
  return here;
}

function edit(
  here: Json | undefined,
  path: readonly string[],
  op: 'add' | 'replace' | 'remove',
  value: Json,
): Json {
  const [first, ...rest] = path;
  const missing = (): never => {
    throw patchDoesNotApply();
  };
  if (first === undefined) return value;
  if (isList(here)) {
    const index = first === '-' ? here.length : Number(first);
    if (
      !Number.isInteger(index) ||
      index < 0 ||
      index > here.length - (op === 'add' && rest.length === 0 ? 0 : 1)
    )
      return missing();
    if (rest.length > 0) return here.with(index, edit(here[index], rest, op, value));
    if (op === 'add') return here.toSpliced(index, 0, value);
    return op === 'remove' ? here.toSpliced(index, 1) : here.with(index, value);
  }
  if (!isObject(here)) return missing();
  if (rest.length > 0) return { ...here, [first]: edit(here[first], rest, op, value) };
  if (op !== 'add' && here[first] === undefined) return missing();
  if (op !== 'remove') return { ...here, [first]: value };
  return Object.fromEntries(Object.entries(here).filter(([key]) => key !== first));
}
