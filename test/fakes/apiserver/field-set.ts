import { asObject, isList, isObject, type Json, type JsonObject } from './json.ts';
import { anySchema, type Schema, schemaOf } from './schema.ts';

/**
 * A set of paths as `fieldsV1` writes it: children are `f:<field>`, `k:{<keys>}` (item of an associative list) or `v:<value>` (item of a
 * set); `.` says that the path itself is a member. A leaf is always a member.
 */
export interface FieldSet {
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

export const emptySet: FieldSet = { member: false, children: new Map() };
const leaf: FieldSet = { member: true, children: new Map() };

export function isEmpty(set: FieldSet | undefined): boolean {
  return set === undefined || (!set.member && [...set.children.values()].every(isEmpty));
}

function combined(a: FieldSet, b: FieldSet, member: (a: boolean, b: boolean) => boolean): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const key of new Set([...a.children.keys(), ...b.children.keys()])) {
    const child = combined(a.children.get(key) ?? emptySet, b.children.get(key) ?? emptySet, member);
    if (!isEmpty(child)) children.set(key, child);
  }
  return { member: member(a.member, b.member), children };
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  return combined(a, b, (a, b) => a || b);
}

export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return combined(a, b, (a, b) => a && !b);
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return combined(a, b, (a, b) => a && b);
}

/** `.spec.template.spec.containers[name="app"].image`, in order. */
export function pathsOf(set: FieldSet, path = ''): string[] {
  const below = [...set.children]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, child]) => pathsOf(child, path + step(key)));
  return set.member ? [path, ...below] : below;
}

function step(key: string): string {
  if (key.startsWith('f:')) return `.${key.slice(2)}`;
  if (key.startsWith('v:')) return `[=${key.slice(2)}]`;
  const keys = Object.entries(JSON.parse(key.slice(2)) as JsonObject);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}

export function encodeFields(set: FieldSet): JsonObject {
  const below = [...set.children]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, child]) => [key, encodeFields(child)] as const);
  return { ...(set.member && below.length > 0 ? { '.': {} } : {}), ...Object.fromEntries(below) };
}

export function decodeFields(json: Json | undefined): FieldSet {
  const entries = Object.entries(asObject(json));
  return {
    member: entries.length === 0 || entries.some(([key]) => key === '.'),
    children: new Map(
      entries.filter(([key]) => key !== '.').map(([key, value]) => [key, decodeFields(value)]),
    ),
  };
}

/** Child key of an item of an associative list or a set. */
export function itemKey(item: Json, schema: Schema): string {
  if (schema.list.kind !== 'map') return `v:${JSON.stringify(item)}`;
  const keys = schema.list.keys.toSorted().flatMap((key) => {
    const value = asObject(item)[key] ?? schema.items?.properties.get(key)?.default;
    return value === undefined ? [] : [[key, value] as const];
  });
  return `k:${JSON.stringify(Object.fromEntries(keys))}`;
}

export function isAssociative(schema: Schema): boolean {
  return schema.type === 'array' && schema.list.kind !== 'atomic';
}

/** What someone who sends exactly this says: its leaves, the items of its lists, and the keys of its maps. */
export function fieldsOf(value: Json, schema: Schema): FieldSet {
  const children = new Map<string, FieldSet>();
  if (isObject(value) && !schema.atomicMap) {
    for (const [name, item] of Object.entries(value)) {
      const child = fieldsOf(item, schemaOf(schema, name) ?? anySchema);
      const said =
        !schema.properties.has(name) || item === null || (isObject(item) && Object.keys(item).length === 0);
      if (said || !isEmpty(child)) children.set(`f:${name}`, said ? { ...child, member: true } : child);
    }
    return { member: false, children };
  }
  if (!isList(value) || !isAssociative(schema)) return leaf;
  for (const item of value) {
    const child = schema.list.kind === 'set' ? leaf : fieldsOf(item, schema.items ?? anySchema);
    children.set(itemKey(item, schema), { ...child, member: true });
  }
  return { member: false, children };
}
