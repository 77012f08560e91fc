import { asList, asObject, asText, isList, isObject, type Json, type JsonObject } from './json.ts';

/** What both the schemas of CRDs and those of built-in kinds are read into: OpenAPI v3 as far as structural schemas go. */
export interface Schema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'any';
  readonly properties: ReadonlyMap<string, Schema>;
  /** Of the values of a map; null: none are allowed besides `properties`. */
  readonly additional: Schema | null;
  readonly items: Schema | null;
  readonly required: readonly string[];
  readonly default?: Json;
  readonly nullable: boolean;
  readonly intOrString: boolean;
  readonly preserveUnknown: boolean;
  /** `metadata` of an embedded object is kept as it is. */
  readonly embedded: boolean;
  /** How server-side apply merges it. */
  readonly list:
    | { readonly kind: 'atomic' | 'set' }
    | { readonly kind: 'map'; readonly keys: readonly string[] };
  readonly atomicMap: boolean;
  /** `micro` and `seconds` are the times of built-in kinds. */
  readonly format: string;
  readonly limits: JsonObject;
  readonly rules: readonly JsonObject[];
  /** A struct of Go that is no pointer: it is always there, so that nobody owns it as such. */
  readonly always: boolean;
}

export const anySchema: Schema = {
  type: 'any',
  properties: new Map(),
  additional: null,
  items: null,
  required: [],
  nullable: true,
  intOrString: false,
  preserveUnknown: true,
  embedded: false,
  list: { kind: 'atomic' },
  atomicMap: false,
  format: '',
  limits: {},
  rules: [],
  always: false,
};

const types = ['object', 'array', 'string', 'integer', 'number', 'boolean'] as const;
const limitNames = [
  'enum',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'multipleOf',
  'allOf',
  'anyOf',
  'oneOf',
  'not',
];

/** Reads `openAPIV3Schema`. */
export function readSchema(json: JsonObject): Schema {
  const type = types.find((name) => name === json['type']) ?? 'any';
  const preserveUnknown = json['x-kubernetes-preserve-unknown-fields'] === true;
  const additional = json['additionalProperties'];
  return {
    type,
    properties: new Map(
      Object.entries(asObject(json['properties'])).map(([name, value]) => [
        name,
        readSchema(asObject(value)),
      ]),
    ),
    additional: additional === true ? anySchema : isObject(additional) ? readSchema(additional) : null,
    items: isObject(json['items']) ? readSchema(json['items']) : null,
    required: asList(json['required']).map(asText),
    ...(json['default'] === undefined ? {} : { default: json['default'] }),
    nullable: json['nullable'] === true,
    intOrString: json['x-kubernetes-int-or-string'] === true,
    preserveUnknown: preserveUnknown || (type === 'any' && json['x-kubernetes-int-or-string'] !== true),
    embedded: json['x-kubernetes-embedded-resource'] === true,
    list: readListType(json),
    atomicMap: json['x-kubernetes-map-type'] === 'atomic',
    format: asText(json['format']),
    limits: Object.fromEntries(Object.entries(json).filter(([name]) => limitNames.includes(name))),
    rules: asList(json['x-kubernetes-validations']).map(asObject),
    always: false,
  };
}

function readListType(json: JsonObject): Schema['list'] {
  if (json['x-kubernetes-list-type'] === 'map') {
    return { kind: 'map', keys: asList(json['x-kubernetes-list-map-keys']).map(asText) };
  }
  return { kind: json['x-kubernetes-list-type'] === 'set' ? 'set' : 'atomic' };
}

/** Schema of a field of an object; null where the object has no such field. */
export function schemaOf(parent: Schema, field: string): Schema | null {
  return parent.properties.get(field) ?? parent.additional ?? (parent.preserveUnknown ? anySchema : null);
}

/** The same value without what the schema does not know; the paths of what was dropped go to `dropped`. */
export function prune(value: Json, schema: Schema, path = '', dropped: string[] = []): Json {
  if (isList(value)) {
    const items = schema.items;
    return items === null
      ? value
      : value.map((item, index) => prune(item, items, `${path}[${index}]`, dropped));
  }
  if (!isObject(value)) return value;
  const kept: Record<string, Json> = {};
  for (const [name, item] of Object.entries(value)) {
    const field = path === '' ? name : `${path}.${name}`;
    if (schema.embedded && ['apiVersion', 'kind', 'metadata'].includes(name)) {
      kept[name] = item;
      continue;
    }
    const of = schemaOf(schema, name);
    if (of === null) dropped.push(field);
    else kept[name] = prune(item, of, field, dropped);
  }
  return kept;
}

/** Fills in defaults, only inside objects that are present, as the API server does. */
export function withDefaults(value: Json, schema: Schema): Json {
  if (isList(value)) {
    const items = schema.items;
    return items === null ? value : value.map((item) => withDefaults(item, items));
  }
  if (!isObject(value)) return value;
  const filled: Record<string, Json> = {};
  for (const [name, item] of Object.entries(value)) {
    const of = schemaOf(schema, name);
    // A null where none may be counts as absent.
    if (item === null && of !== null && !of.nullable) continue;
    filled[name] = of === null ? item : withDefaults(item, of);
  }
  for (const [name, of] of schema.properties) {
    if (filled[name] === undefined && of.default !== undefined) filled[name] = withDefaults(of.default, of);
  }
  return filled;
}
