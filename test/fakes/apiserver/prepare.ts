import { builtInErrors, metadataErrors, statusErrors } from './builtin-validation.ts';
import { withBuiltInDefaults } from './builtin-defaults.ts';
import { celErrors } from './cel.ts';
import { decodeBuiltIn } from './decode-builtin.ts';
import { asObject, type Json, type JsonObject, metaOf, nameOf, withMeta, without } from './json.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { prune, type Schema, withDefaults } from './schema.ts';
import { badRequest, type FieldError, fieldInvalid, invalid } from './status.ts';
import { validateSchema } from './validate-schema.ts';

/** How unknown fields are taken. `patch`: the whole object comes of a patch, which changes the answer's reason. */
export interface Decoding {
  readonly strict: boolean;
  readonly from: 'body' | 'patch';
}

/** What was sent, as the kind's type holds it: decoded, without unknown fields, with defaults. */
export function prepared(sent: JsonObject, kind: Kind, { strict, from }: Decoding): JsonObject {
  const typed = kind.builtIn ? decodeBuiltIn(sent, kind, from) : withoutEmptyMetadata(sent);
  const dropped: string[] = [];
  const pruned = asObject(prune(typed, kind.schema, '', dropped));
  if (strict && dropped.length > 0) {
    const why = `strict decoding error: ${(kind.builtIn ? dropped : dropped.toSorted()).map((path) => `unknown field ${JSON.stringify(path)}`).join(', ')}`;
    if (from === 'patch') throw invalid(null, '', [fieldInvalid('patch', JSON.stringify(sent), why)]);
    throw badRequest(
      `${kind.kind} in version ${JSON.stringify(kind.version)} cannot be handled as a ${kind.kind}: ${why}`,
    );
  }
  const filled = asObject(withDefaults(pruned, kind.schema));
  const complete = kind.builtIn ? withBuiltInDefaults(filled, kind) : filled;
  return { ...complete, apiVersion: apiVersionOf(kind), kind: kind.kind };
}

/** Metadata is decoded into Go's struct whatever the kind. */
function withoutEmptyMetadata(sent: JsonObject): JsonObject {
  const { labels, annotations, finalizers, ownerReferences } = metaOf(sent);
  const isEmpty = (value: Json | undefined): boolean =>
    typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  const empty = Object.entries({ labels, annotations, finalizers, ownerReferences }).filter(([, value]) =>
    isEmpty(value),
  );
  return empty.length === 0
    ? sent
    : withMeta(sent, Object.fromEntries(empty.map(([name]) => [name, undefined])));
}

/** Throws `Invalid` with all that is wrong. */
export function validated(
  object: JsonObject,
  old: JsonObject | null,
  kind: Kind,
  part: 'all' | 'status',
): void {
  const errors: FieldError[] = part === 'all' ? metadataErrors(object, kind) : [];
  if (kind.builtIn)
    errors.push(...(part === 'all' ? builtInErrors(object, old, kind) : statusErrors(object, kind)));
  else errors.push(...customErrors(object, old, kind));
  if (errors.length > 0) throw invalid(kind, nameOf(object), errors);
}

const rulesNotChecked: FieldError = {
  path: '',
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

/** Rules are not run over what is not of the right shape. */
const blocking: readonly FieldError['reason'][] = [
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
];

function hasRules(schema: Schema): boolean {
  const below = [...schema.properties.values(), schema.items, schema.additional];
  return schema.rules.length > 0 || below.some((one) => one !== null && hasRules(one));
}

/** What was wrong before and did not change is let through. */
function customErrors(object: JsonObject, old: JsonObject | null, kind: Kind): FieldError[] {
  const body: Json = without(object, 'metadata');
  const before = old === null ? null : without(old, 'metadata');
  const known =
    before === null
      ? []
      : validateSchema(before, kind.schema).map(({ path, message }) => `${path} ${message}`);
  const wrong = validateSchema(body, kind.schema).filter(
    ({ path, message }) => !known.includes(`${path} ${message}`),
  );
  const schemaErrors = wrong.filter(({ path }) => path !== 'metadata');
  if (!hasRules(kind.schema)) return schemaErrors;
  return schemaErrors.some(({ reason }) => blocking.includes(reason))
    ? [...schemaErrors, rulesNotChecked]
    : [...schemaErrors, ...celErrors(object, old ?? undefined, kind.schema)];
}
