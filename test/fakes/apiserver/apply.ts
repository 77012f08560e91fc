import { emptySet, type FieldSet, fieldsOf, isAssociative, isEmpty, itemKey, union } from './field-set.ts';
import { asObject, asText, isList, isObject, type Json, type JsonObject, metaOf, without } from './json.ts';
import type { Kind } from './kinds.ts';
import { entriesOf, isBy, type Manager, ownable, ownByApply } from './managed-fields.ts';
import { anySchema, type Schema, schemaOf } from './schema.ts';
import { internalError } from './status.ts';

/** Server-side apply: what is sent goes over what is there; what the same applier sent before, sends no more, and nobody else owns, goes away. */
export function applyObject(
  live: JsonObject | null,
  sent: JsonObject,
  kind: Kind,
  options: { readonly who: Manager; readonly time: string; readonly force: boolean },
): JsonObject {
  const config = configured(sent, kind, options.who.subresource);
  const unknown = undeclared(ownable(config), kind.schema, '');
  if (unknown !== null) {
    const { namespace = '', name } = metaOf(sent);
    throw internalError(
      `failed to create typed patch object (${asText(namespace)}/${asText(name)}; ${kind.group}/${kind.version}, Kind=${kind.kind}): ${unknown}: field not declared in schema`,
    );
  }
  const fields = fieldsOf(ownable(config), kind.schema);
  const merged = asObject(mergeApplied(live ?? undefined, config, kind.schema));
  const entries = live === null ? [] : entriesOf(live);
  const before = entries.find((entry) => isBy(entry, options.who))?.fields ?? emptySet;
  const keep = entries
    .filter((entry) => !isBy(entry, options.who))
    .reduce((all, entry) => union(all, entry.fields), fields);
  const pruned = asObject(pruneGone(merged, kind.schema, before, keep));
  return ownByApply(live, pruned, fields, kind, options);
}

/** Main endpoint: without status where that has its own; status endpoint: nothing else. */
function configured(sent: JsonObject, kind: Kind, subresource: string): JsonObject {
  if (subresource !== 'status') return kind.hasStatus ? without(sent, 'status') : sent;
  const { apiVersion, kind: name, metadata, status } = sent;
  const { name: own, namespace } = asObject(metadata);
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(name === undefined ? {} : { kind: name }),
    metadata: {
      ...(own === undefined ? {} : { name: own }),
      ...(namespace === undefined ? {} : { namespace }),
    },
    ...(status === undefined ? {} : { status }),
  };
}

function undeclared(value: Json, schema: Schema, path: string): string | null {
  if (isList(value)) {
    const found = value.map((item) => undeclared(item, schema.items ?? anySchema, path));
    return found.find((one) => one !== null) ?? null;
  }
  if (!isObject(value)) return null;
  for (const [name, item] of Object.entries(value)) {
    const of = schemaOf(schema, name);
    const found = of === null ? `${path}.${name}` : undeclared(item, of, `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

function mergeApplied(live: Json | undefined, sent: Json, schema: Schema): Json {
  if (isObject(sent) && isObject(live) && !schema.atomicMap) {
    const merged: Record<string, Json> = { ...live };
    for (const [name, item] of Object.entries(sent)) {
      merged[name] = mergeApplied(live[name], item, schemaOf(schema, name) ?? anySchema);
    }
    return merged;
  }
  return isList(sent) && isList(live) && isAssociative(schema) ? mergeItems(live, sent, schema) : sent;
}

/** Items of both, those of `sent` in its order, the others where they stood. */
function mergeItems(live: readonly Json[], sent: readonly Json[], schema: Schema): readonly Json[] {
  const items = schema.items ?? anySchema;
  const there = new Map(live.map((item) => [itemKey(item, schema), item]));
  const asked = new Set(sent.map((item) => itemKey(item, schema)));
  const merged: Json[] = [];
  const placed = new Set<string>();
  let next = 0;
  for (const item of sent) {
    for (; next < live.length; next += 1) {
      const key = itemKey(live[next] ?? null, schema);
      if (!asked.has(key)) merged.push(live[next] ?? null);
      else if (!placed.has(key)) break;
    }
    const key = itemKey(item, schema);
    merged.push(mergeApplied(there.get(key), item, items));
    placed.add(key);
  }
  return [...merged, ...live.slice(next).filter((item) => !asked.has(itemKey(item, schema)))];
}

/** Takes out what is in `before` and neither in `keep` nor above something in it. */
function pruneGone(value: Json, schema: Schema, before: FieldSet, keep: FieldSet): Json | undefined {
  if (isObject(value)) {
    const kept: Record<string, Json> = {};
    let went = false;
    for (const [name, item] of Object.entries(value)) {
      const key = `f:${name}`;
      const left = pruneChild(
        item,
        schemaOf(schema, name) ?? anySchema,
        before.children.get(key),
        keep.children.get(key),
      );
      if (left === undefined) went = true;
      else kept[name] = left;
    }
    return went && Object.keys(kept).length === 0 && !keep.member ? undefined : kept;
  }
  if (!isList(value) || !isAssociative(schema)) return value;
  const items = schema.items ?? anySchema;
  const left = value.flatMap((item) => {
    const key = itemKey(item, schema);
    const kept = pruneChild(item, items, before.children.get(key), keep.children.get(key));
    return kept === undefined ? [] : [kept];
  });
  return left.length === 0 && value.length > 0 && !keep.member ? undefined : left;
}

function pruneChild(
  value: Json,
  schema: Schema,
  before: FieldSet | undefined,
  keep: FieldSet | undefined,
): Json | undefined {
  if (before === undefined || isEmpty(before)) return value;
  if (before.member && isEmpty(keep)) return undefined;
  return pruneGone(value, schema, before, keep ?? emptySet);
}
