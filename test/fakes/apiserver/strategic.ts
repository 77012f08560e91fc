import { asObject, isList, isObject, type Json, type JsonObject, same } from './json.ts';
import { schemaOf, type Schema } from './schema.ts';

/**
 * Strategic merge patch for built-in kinds: lists with keys merge by the first of them (its `patchMergeKey`), sets of scalars unite, all
 * others are replaced. `$patch: delete|replace` and `$deleteFromPrimitiveList/x` are known; `$setElementOrder` is read over, and
 * `$retainKeys` keeps what it names.
 */
export function strategicMerge(target: Json | undefined, patch: Json, schema: Schema): Json {
  if (!isObject(patch)) return patch;
  if (patch['$patch'] === 'replace') return plain(patch);
  const merged: Record<string, Json> = { ...asObject(target) };
  const retained = patch['$retainKeys'];
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$deleteFromPrimitiveList/')) {
      const list = key.slice('$deleteFromPrimitiveList/'.length);
      merged[list] = deleted(merged[list], value);
    } else if (key.startsWith('$')) continue;
    else if (value === null) delete merged[key];
    else {
      const of = schemaOf(schema, key) ?? schema;
      merged[key] = isList(value)
        ? mergeLists(merged[key], value, of)
        : strategicMerge(merged[key], value, of);
    }
  }
  if (isList(retained))
    for (const key of Object.keys(merged)) if (!retained.includes(key)) delete merged[key];
  return merged;
}

function mergeLists(target: Json | undefined, patch: readonly Json[], schema: Schema): Json {
  const present = isList(target) ? target : [];
  if (schema.list.kind === 'set')
    return [...present, ...patch.filter((item) => !present.some((other) => same(other, item)))];
  if (schema.list.kind !== 'map' || schema.items === null) return patch;
  const [key = ''] = schema.list.keys;
  const items = schema.items;
  if (patch.some((item) => asObject(item)['$patch'] === 'replace')) {
    return patch.filter((item) => asObject(item)['$patch'] !== 'replace').map(plain);
  }
  let merged = [...present];
  for (const item of patch) {
    const index = merged.findIndex((other) => same(asObject(other)[key], asObject(item)[key]));
    if (asObject(item)['$patch'] === 'delete') merged = merged.filter((_, at) => at !== index);
    else if (index < 0) merged.push(strategicMerge(undefined, item, items));
    else merged[index] = strategicMerge(merged[index], item, items);
  }
  return inOrder(merged, present, patch, key);
}

/** As `normalizeElementOrder` does it: what the patch names and the object had not comes first where nothing else is known. */
function inOrder(
  merged: readonly Json[],
  present: readonly Json[],
  patch: readonly Json[],
  key: string,
): Json {
  const place = (list: readonly Json[], item: Json | undefined): number =>
    list.findIndex((other) => same(asObject(other)[key], asObject(item)[key]));
  const left = merged.filter((item) => place(patch, item) < 0);
  const right = merged
    .filter((item) => place(patch, item) >= 0)
    .toSorted((a, b) => place(patch, a) - place(patch, b));
  const ordered: Json[] = [];
  for (;;) {
    const [one, other] = [left[0], right[0]];
    if (one === undefined) return [...ordered, ...right];
    if (other === undefined) return [...ordered, ...left];
    const [mine, its] = [place(present, one), place(present, other)];
    const next = mine >= 0 && its >= 0 && mine < its ? left.shift() : right.shift();
    if (next !== undefined) ordered.push(next);
  }
}

function deleted(list: Json | undefined, gone: Json): Json {
  return (isList(list) ? list : []).filter(
    (item) => !isList(gone) || !gone.some((other) => same(other, item)),
  );
}

function plain(value: Json): Json {
  if (!isObject(value)) return value;
  const kept: JsonObject = Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('$')));
  return kept;
}
