import {
  asList,
  asNumber,
  asObject,
  asText,
  isList,
  isObject,
  type Json,
  type JsonObject,
  same,
} from './json.ts';
import type { Schema } from './schema.ts';
import { type FieldError, fieldDuplicate, fieldInvalid, fieldNotSupported, fieldRequired } from './status.ts';

/** Everything that an OpenAPI schema finds wrong, in the words of the API server. Rules in CEL are not its part. */
export function validateSchema(value: Json, schema: Schema, path = ''): FieldError[] {
  if (value === null && schema.nullable) return [];
  const wrongType = typeError(value, schema, path);
  if (wrongType !== null) return [wrongType, ...formatErrors(value, schema, path)];
  return [
    ...formatErrors(value, schema, path),
    ...limitErrors(value, schema.limits, path),
    ...(isObject(value) ? objectErrors(value, schema, path) : []),
    ...(isList(value) ? listErrors(value, schema, path) : []),
  ];
}

function typeError(value: Json, schema: Schema, path: string): FieldError | null {
  if (schema.intOrString) {
    return Number.isInteger(value) || typeof value === 'string'
      ? null
      : wrongType(path, 'integer,string', value);
  }
  if (schema.type === 'any') return null;
  const given = typeOf(value);
  const fits = given === schema.type || (schema.type === 'number' && given === 'integer');
  if (fits) return null;
  const isFraction = given === 'number' && schema.type === 'integer' && schema.format.startsWith('int');
  return isFraction ? wrongType(path, schema.format, value, 'float64') : wrongType(path, schema.type, value);
}

function wrongType(path: string, wanted: string, value: Json, given = typeOf(value)): FieldError {
  return {
    path,
    reason: 'FieldValueTypeInvalid',
    message: `Invalid value: ${JSON.stringify(given)}: ${path} in body must be of type ${wanted}: ${JSON.stringify(given)}`,
  };
}

/** A number is checked against its type and once more against its format. */
function formatErrors(value: Json, { type, format }: Schema, path: string): FieldError[] {
  if (type !== 'integer' || typeof value !== 'number') return [];
  const beyond = format === 'int32' ? 2 ** 31 : 2 ** 63;
  if (Number.isInteger(value) && value >= -beyond && value < beyond) return [];
  const wanted = format.startsWith('int') ? `with format ${format}` : '(default format)';
  const message = `Invalid value: "": Checked value must be of type integer ${wanted} in ${path}`;
  return [{ path: '', reason: 'FieldValueInvalid', message }];
}

function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (isList(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function objectErrors(value: JsonObject, schema: Schema, path: string): FieldError[] {
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const errors: FieldError[] = [];
  for (const name of schema.required) if (value[name] === undefined) errors.push(fieldRequired(below(name)));
  for (const [name, item] of Object.entries(value)) {
    const of = schema.properties.get(name) ?? schema.additional;
    if (of !== null) errors.push(...validateSchema(item, of, below(name)));
  }
  return errors;
}

function listErrors(value: readonly Json[], schema: Schema, path: string): FieldError[] {
  const { items, list } = schema;
  const errors =
    items === null ? [] : value.flatMap((item, index) => validateSchema(item, items, `${path}[${index}]`));
  if (list.kind === 'atomic') return errors;
  const seen: Json[] = [];
  for (const [index, item] of value.entries()) {
    const key = list.kind === 'map' ? pick(asObject(item), list.keys) : item;
    if (seen.some((other) => same(other, key))) errors.push(fieldDuplicate(`${path}[${index}]`, key));
    seen.push(key);
  }
  return errors;
}

function pick(item: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.flatMap((key) => (item[key] === undefined ? [] : [[key, item[key]]])));
}

function limitErrors(value: Json, limits: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const bad = (detail: string): void => {
    errors.push(fieldInvalid(path, value, `${path} in body ${detail}`));
  };
  const allowed = limits['enum'];
  if (isList(allowed) && !allowed.some((one) => same(one, value))) {
    errors.push(fieldNotSupported(path, value, allowed));
  }
  if (typeof value === 'number') numberErrors(value, limits, bad);
  if (typeof value === 'string') {
    const length = Array.from(value).length;
    const longest = limits['maxLength'];
    const pattern = asText(limits['pattern']);
    // The first of them alone is told.
    if (typeof longest === 'number' && length > longest) {
      errors.push({
        path,
        reason: 'FieldValueTooLong',
        message: `Too long: may not be more than ${longest} bytes`,
      });
    } else if (length < asNumber(limits['minLength']))
      bad(`should be at least ${asNumber(limits['minLength'])} chars long`);
    else if (pattern !== '' && !new RegExp(pattern, 'u').test(value)) bad(`should match '${pattern}'`);
  }
  const size = isList(value) ? value.length : isObject(value) ? Object.keys(value).length : null;
  if (size !== null) {
    const of = isList(value) ? 'items' : 'properties';
    const [least, most] =
      of === 'items'
        ? [limits['minItems'], limits['maxItems']]
        : [limits['minProperties'], limits['maxProperties']];
    if (typeof least === 'number' && size < least) bad(`should have at least ${least} ${of}`);
    if (typeof most === 'number' && size > most) {
      errors.push({
        path,
        reason: 'FieldValueTooMany',
        message: `Too many: ${size}: must have at most ${most} items`,
      });
    }
  }
  errors.push(...junctorErrors(value, limits, path));
  return errors;
}

function numberErrors(value: number, limits: JsonObject, bad: (detail: string) => void): void {
  const { minimum, maximum } = limits;
  if (typeof minimum === 'number') {
    if (limits['exclusiveMinimum'] === true && value <= minimum) bad(`should be greater than ${minimum}`);
    else if (value < minimum) bad(`should be greater than or equal to ${minimum}`);
  }
  if (typeof maximum === 'number') {
    if (limits['exclusiveMaximum'] === true && value >= maximum) bad(`should be less than ${maximum}`);
    else if (value > maximum) bad(`should be less than or equal to ${maximum}`);
  }
  const step = limits['multipleOf'];
  if (typeof step === 'number' && !Number.isInteger(value / step)) bad(`should be a multiple of ${step}`);
}

/** `allOf`, `anyOf`, `oneOf`, `not` hold only limits and required fields, never types: structural schemas demand it. */
function junctorErrors(value: Json, limits: JsonObject, path: string): FieldError[] {
  const fits = (branch: Json): boolean => branchErrors(value, asObject(branch), path).length === 0;
  const errors: FieldError[] = [];
  for (const branch of asList(limits['allOf'])) errors.push(...branchErrors(value, asObject(branch), path));
  const any = asList(limits['anyOf']);
  if (any.length > 0 && !any.some(fits))
    errors.push(fieldInvalid(path, value, `${path} in body must validate at least one schema (anyOf)`));
  const one = asList(limits['oneOf']);
  if (one.length > 0 && one.filter(fits).length !== 1) {
    errors.push(fieldInvalid(path, value, `${path} in body must validate one and only one schema (oneOf)`));
  }
  if (limits['not'] !== undefined && fits(limits['not'])) {
    errors.push(fieldInvalid(path, value, `${path} in body must not validate the schema (not)`));
  }
  return errors;
}

function branchErrors(value: Json, branch: JsonObject, path: string): FieldError[] {
  const errors = limitErrors(value, branch, path);
  const type = branch['type'];
  if (typeof type === 'string' && typeOf(value) !== type) errors.push(wrongType(path, type, value));
  if (!isObject(value)) return errors;
  for (const name of asList(branch['required']).map(asText)) {
    if (value[name] === undefined) errors.push(fieldRequired(path === '' ? name : `${path}.${name}`));
  }
  for (const [name, below] of Object.entries(asObject(branch['properties']))) {
    const item = value[name];
    if (item !== undefined)
      errors.push(...branchErrors(item, asObject(below), path === '' ? name : `${path}.${name}`));
  }
  return errors;
}
