import { isDeepStrictEqual } from 'node:util';

/** Plain JSON. What is stored is never changed in place: every write makes new objects. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The object, or an empty one: for reading through what may be absent. */
export function asObject(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

export function asList(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}

export function asText(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function asNumber(value: Json | undefined, otherwise = 0): number {
  return typeof value === 'number' ? value : otherwise;
}

/** `at(pod, 'spec', 'containers', 0, 'image')`. */
export function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  let here = value;
  for (const part of path) {
    if (typeof part === 'number') here = asList(here)[part];
    else here = isObject(here) ? here[part] : undefined;
  }
  return here;
}

/** A copy with the value at the path; objects on the way are made; undefined removes. */
export function withAt(value: JsonObject, path: readonly string[], set: Json | undefined): JsonObject {
  const [first, ...rest] = path;
  if (first === undefined) return isObject(set) ? set : {};
  const next = rest.length === 0 ? set : withAt(asObject(value[first]), rest, set);
  if (next === undefined) return without(value, first);
  return { ...value, [first]: next };
}

export function without(value: JsonObject, ...keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

export function same(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || isDeepStrictEqual(a, b);
}

export function metaOf(object: JsonObject): JsonObject {
  return asObject(object['metadata']);
}

export function nameOf(object: JsonObject): string {
  return asText(metaOf(object)['name']);
}

export function namespaceOf(object: JsonObject): string {
  return asText(metaOf(object)['namespace']);
}

export function uidOf(object: JsonObject): string {
  return asText(metaOf(object)['uid']);
}

export function withMeta(
  object: JsonObject,
  changes: Readonly<Record<string, Json | undefined>>,
): JsonObject {
  let metadata: JsonObject = metaOf(object);
  for (const [key, value] of Object.entries(changes)) metadata = withAt(metadata, [key], value);
  return { ...object, metadata };
}

/** What is plain JSON, as its type says. */
export function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
