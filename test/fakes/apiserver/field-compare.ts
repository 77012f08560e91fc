import { emptySet, type FieldSet, isAssociative, isEmpty, itemKey } from './field-set.ts';
import { isList, isObject, type Json, same } from './json.ts';
import { anySchema, type Schema, schemaOf } from './schema.ts';

export interface Comparison {
  /** Added or modified. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

const nothing: Comparison = { changed: emptySet, removed: emptySet };

/** Paths that differ between two states of an object; whole subtrees that came or went with every path in them. */
export function compareFields(old: Json | undefined, now: Json | undefined, schema: Schema): Comparison {
  if (old === now || same(old, now)) return nothing;
  const [before, after] = [childrenOf(old, schema), childrenOf(now, schema)];
  if (before === null || after === null) {
    const whole: FieldSet = { member: true, children: new Map() };
    if (old === undefined && after !== null)
      return inside(new Map(), after, !schema.always || after.size === 0, false);
    if (now === undefined && before !== null) return inside(before, new Map(), false, true);
    return { changed: now === undefined ? emptySet : whole, removed: now === undefined ? whole : emptySet };
  }
  return inside(before, after, false, false);
}

interface Child {
  readonly value: Json;
  readonly schema: Schema;
}

function inside(
  before: ReadonlyMap<string, Child>,
  after: ReadonlyMap<string, Child>,
  added: boolean,
  gone: boolean,
): Comparison {
  const changed = new Map<string, FieldSet>();
  const removed = new Map<string, FieldSet>();
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const was = before.get(key);
    const is = after.get(key);
    const child = compareFields(was?.value, is?.value, (is ?? was)?.schema ?? anySchema);
    if (!isEmpty(child.changed)) changed.set(key, child.changed);
    if (!isEmpty(child.removed)) removed.set(key, child.removed);
  }
  return { changed: { member: added, children: changed }, removed: { member: gone, children: removed } };
}

/** Null: a leaf. */
function childrenOf(value: Json | undefined, schema: Schema): ReadonlyMap<string, Child> | null {
  if (isObject(value) && !schema.atomicMap) {
    return new Map(
      Object.entries(value).map(([name, item]) => [
        `f:${name}`,
        { value: item, schema: schemaOf(schema, name) ?? anySchema },
      ]),
    );
  }
  if (!isList(value) || !isAssociative(schema)) return null;
  return new Map(
    value.map((item) => [
      itemKey(item, schema),
      { value: item, schema: schema.list.kind === 'set' ? anySchema : (schema.items ?? anySchema) },
    ]),
  );
}
