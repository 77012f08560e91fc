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
  return compared(old, now, schema, false);
}

/** `isThere`: the parent is in the old state too, so that a struct of it that is no pointer is not new either. */
function compared(
  old: Json | undefined,
  now: Json | undefined,
  schema: Schema,
  isThere: boolean,
): Comparison {
  if (old === now || same(old, now)) return nothing;
  const [before, after] = [childrenOf(old, schema), childrenOf(now, schema)];
  if (before !== null && after !== null)
    return inside(before, after, { isThere: true, isAdded: false, isRemoved: false });
  if (old === undefined && after !== null) {
    const isOld = isThere && schema.always;
    return inside(new Map(), after, { isThere: isOld, isAdded: !isOld, isRemoved: false });
  }
  if (now === undefined && before !== null) {
    return inside(before, new Map(), { isThere: false, isAdded: false, isRemoved: true });
  }
  const whole: FieldSet = { member: true, children: new Map() };
  return { changed: now === undefined ? emptySet : whole, removed: now === undefined ? whole : emptySet };
}

interface Child {
  readonly value: Json;
  readonly schema: Schema;
}

function inside(
  before: ReadonlyMap<string, Child>,
  after: ReadonlyMap<string, Child>,
  {
    isThere,
    isAdded,
    isRemoved,
  }: { readonly isThere: boolean; readonly isAdded: boolean; readonly isRemoved: boolean },
): Comparison {
  const changed = new Map<string, FieldSet>();
  const removed = new Map<string, FieldSet>();
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const was = before.get(key);
    const is = after.get(key);
    const child = compared(was?.value, is?.value, (is ?? was)?.schema ?? anySchema, isThere);
    if (!isEmpty(child.changed)) changed.set(key, child.changed);
    if (!isEmpty(child.removed)) removed.set(key, child.removed);
  }
  return {
    changed: { member: isAdded, children: changed },
    removed: { member: isRemoved, children: removed },
  };
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
