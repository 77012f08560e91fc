import { isList, isObject, type Json, type JsonObject } from './json.ts';
import type { Kind } from './kinds.ts';
import type { Schema } from './schema.ts';
import { badRequest, fieldInvalid, invalid } from './status.ts';

const micro = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|[+-]\d\d:\d\d)$/;
const seconds = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** What decoding into Go's structs does: a value of another type is 400, times have one form, micro time has six digits or is refused. */
export function decodeBuiltIn(object: JsonObject, kind: Kind, from: 'body' | 'patch'): JsonObject {
  const refuse = (why: string): never => {
    if (from === 'patch') throw invalid(null, '', [fieldInvalid('patch', JSON.stringify(object), why)]);
    throw badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${why}`);
  };
  if (kind.kind === 'Secret') checkBase64(object['data'], refuse);
  const decoded = decode(object, kind.schema, kind.kind, refuse);
  return isObject(decoded) ? decoded : {};
}

function checkBase64(data: Json | undefined, refuse: (why: string) => never): void {
  for (const text of Object.values(isObject(data) ? data : {})) {
    if (typeof text !== 'string') continue;
    const [good = ''] = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?/.exec(text) ?? [];
    const bad = text.search(/[^A-Za-z0-9+/=]/);
    if (good !== text) refuse(`illegal base64 data at input byte ${bad < 0 ? good.length : bad}`);
  }
}

function decode(value: Json, schema: Schema, path: string, refuse: (why: string) => never): Json {
  if (schema.format === 'quantity' && value !== null && typeof value !== 'object')
    return quantity(String(value));
  if (value === null || schema.type === 'any') return value;
  if (isList(value)) {
    if (schema.type !== 'array') return refuse(mismatch('array', path, schema));
    const items = schema.items;
    return items === null ? value : value.map((item) => decode(item, items, path, refuse));
  }
  if (isObject(value)) {
    if (schema.type !== 'object') return refuse(mismatch('object', path, schema));
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, item]) => {
        const field = schema.properties.get(name);
        const of = field ?? schema.additional;
        if (of === null) return [[name, item]];
        if ((item === null && !of.nullable) || isOmitted(item, of, name)) return [];
        return [[name, decode(item, of, field === undefined ? path : `${path}.${name}`, refuse)]];
      }),
    );
  }
  if (typeof value === 'number' && schema.type === 'number' && !Number.isInteger(value))
    return refuse(mismatch(`number ${value}`, path, schema));
  if (typeof value !== schema.type)
    return refuse(mismatch(typeof value === 'boolean' ? 'bool' : typeof value, path, schema));
  return typeof value === 'string' ? decodeTime(value, schema, refuse) : value;
}

const neverOmitted = ['containers', 'endpoints', 'versions'];

/** `omitempty` of Go: an empty map or list is as good as none. */
function isOmitted(value: Json, schema: Schema, name: string): boolean {
  if (isList(value)) return value.length === 0 && schema.type === 'array' && !neverOmitted.includes(name);
  const isMap = schema.type === 'object' && schema.additional !== null && schema.properties.size === 0;
  return isMap && isObject(value) && Object.keys(value).length === 0;
}

function decodeTime(value: string, schema: Schema, refuse: (why: string) => never): string {
  if (schema.format !== 'micro' && schema.format !== 'seconds') return value;
  const form = schema.format === 'micro' ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00';
  if (!/^\d{4}/.test(value)) {
    const shown = JSON.stringify(value);
    return refuse(`parsing time ${shown} as "${form}": cannot parse ${shown} as "2006"`);
  }
  if (schema.format === 'micro' && !micro.test(value)) {
    return refuse(
      `parsing time ${JSON.stringify(value)} as "${form}": cannot parse ${JSON.stringify(/[.Z+].*$/.exec(value)?.[0] ?? '')} as ".000000"`,
    );
  }
  if (schema.format !== 'seconds') return value;
  const [, whole = '', zone = ''] = seconds.exec(value) ?? [];
  if (whole === '')
    return refuse(`parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse`);
  return `${whole}${zone}`;
}

function mismatch(given: string, path: string, { type }: Schema): string {
  const wanted = {
    string: 'string',
    boolean: 'bool',
    number: 'int32',
    integer: 'int32',
    array: 'slice',
    object: 'struct',
    any: '',
  }[type];
  // The type of the struct that has the field, and the whole path.
  const field = path.replace(
    /^(\w+)\.(spec|status)\.(\w+)$/,
    (_, kind: string, part: string, name: string) =>
      `${kind}${part === 'spec' ? 'Spec' : 'Status'}.${part}.${name}`,
  );
  return `json: cannot unmarshal ${given} into Go struct field ${field} of type ${wanted}`;
}

/** The canonical form, of plain numbers and thousandths: `0.5` is `500m`, `1000m` is `1`. */
function quantity(text: string): string {
  if (!/^\d*\.?\d+m?$/.test(text)) return text;
  const thousandths = Math.ceil(text.endsWith('m') ? Number(text.slice(0, -1)) : Number(text) * 1000);
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}
