import { Environment } from '@marcbachmann/cel-js';
import { itemKey } from './field-set.ts';
import { asText, at, isList, isObject, type Json, type JsonObject, same } from './json.ts';
import { anySchema, type Schema, schemaOf } from './schema.ts';
import { type FieldError, fieldDuplicate, fieldForbidden, fieldInvalid, fieldRequired } from './status.ts';

type Program = (variables: Readonly<Record<string, unknown>>) => unknown;

const environment = new Environment({ homogeneousAggregateLiterals: false, enableOptionalTypes: true })
  .registerVariable('self', 'dyn')
  .registerVariable('oldSelf', 'dyn');
const programs = new Map<string, Program>();

function compiled(expression: string): Program {
  const known = programs.get(expression);
  if (known !== undefined) return known;
  const parsed = environment.parse(expression);
  const program: Program = (variables) => parsed(variables);
  programs.set(expression, program);
  return program;
}

/** Null, or why the expression cannot be compiled. */
export function compileError(expression: string): string | null {
  try {
    compiled(expression);
    return null;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

/**
 * Evaluates `x-kubernetes-validations` of the whole object. A rule that names `oldSelf` is a transition rule: it runs only where there is
 * an old value, found by field or by the keys of an associative list. A rule over a value that did not change is not run again (ratcheting).
 */
export function celErrors(value: Json, old: Json | undefined, schema: Schema, path = ''): FieldError[] {
  const errors =
    old !== undefined && same(old, value)
      ? []
      : schema.rules.flatMap((rule) => ruleErrors(rule, value, old, schema, path));
  if (isObject(value)) {
    for (const [name, item] of Object.entries(value)) {
      const of = schemaOf(schema, name);
      if (of !== null && of !== anySchema)
        errors.push(...celErrors(item, at(old, name), of, path === '' ? name : `${path}.${name}`));
    }
  }
  if (isList(value) && schema.items !== null) {
    const items = schema.items;
    const before = new Map(
      isList(old) && schema.list.kind === 'map' ? old.map((item) => [itemKey(item, schema), item]) : [],
    );
    for (const [index, item] of value.entries()) {
      const was = schema.list.kind === 'map' ? before.get(itemKey(item, schema)) : undefined;
      errors.push(...celErrors(item, was, items, `${path}[${index}]`));
    }
  }
  return errors;
}

function ruleErrors(
  rule: JsonObject,
  value: Json,
  old: Json | undefined,
  schema: Schema,
  path: string,
): FieldError[] {
  const expression = asText(rule['rule']);
  const isTransition = /\boldSelf\b/.test(expression);
  const isOptional = rule['optionalOldSelf'] === true;
  if (isTransition && old === undefined && !isOptional) return [];
  const variables = {
    self: celValue(value, schema),
    oldSelf: old === undefined ? null : celValue(old, schema),
  };
  try {
    if (compiled(expression)(variables) === true) return [];
  } catch (thrown) {
    const why = thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown);
    return [fieldInvalid(path, value, `rule evaluation error: ${why}: ${expression}`)];
  }
  const at = `${path}${asText(rule['fieldPath'])}`;
  const field = path === '' ? at.replace(/^\./, '') : at;
  const detail = message(rule, variables);
  switch (rule['reason']) {
    case 'FieldValueForbidden':
      return [fieldForbidden(field, detail)];
    case 'FieldValueRequired':
      return [fieldRequired(field, detail)];
    case 'FieldValueDuplicate':
      return [fieldDuplicate(field, value)];
    default:
      // The API server leaves out the value of objects and lists.
      return typeof value === 'object'
        ? [{ path: field, reason: 'FieldValueInvalid', message: `Invalid value: ${detail}` }]
        : [fieldInvalid(field, value, detail)];
  }
}

function message(rule: JsonObject, variables: Readonly<Record<string, unknown>>): string {
  const expression = asText(rule['messageExpression']);
  if (expression !== '') {
    try {
      const text = compiled(expression)(variables);
      if (typeof text === 'string' && text.trim() !== '') return text;
    } catch {
      // As the API server: the plain message stands in for one that cannot be evaluated.
    }
  }
  const plain = asText(rule['message']);
  return plain === '' ? `failed rule: ${asText(rule['rule']).trim()}` : plain;
}

/** JSON as CEL sees it: integers are `int`, times are timestamps. */
function celValue(value: Json, schema: Schema): unknown {
  if (isList(value)) return value.map((item) => celValue(item, schema.items ?? anySchema));
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        name,
        celValue(item, schemaOf(schema, name) ?? anySchema),
      ]),
    );
  }
  if (typeof value === 'number' && Number.isInteger(value) && schema.type !== 'number') return BigInt(value);
  if (typeof value === 'string' && schema.format === 'date-time') return new Date(value);
  return value;
}
