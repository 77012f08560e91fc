import { z } from 'zod';

/** JSON Schema, as far as zod writes it for our resources. `title` names a type that has a text of its own. */
export interface InputSchema {
  readonly type?: string;
  readonly title?: string;
  readonly const?: string | number | boolean;
  readonly enum?: readonly (string | number)[];
  readonly anyOf?: readonly InputSchema[];
  readonly items?: InputSchema;
  readonly properties?: Readonly<Record<string, InputSchema>>;
  readonly additionalProperties?: InputSchema | boolean;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface FieldRow {
  /** `steps[].weight`; of a mapping `match[].headers.<name>`. */
  readonly path: string;
  /** Markdown. */
  readonly type: string;
  readonly required: boolean;
}

/** What a user writes, before defaults and conversions. */
export function inputSchema(schema: z.ZodType): InputSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as InputSchema;
}

/** One row a field, in the schema's order. `stop`: paths whose fields are shown elsewhere. */
export function fieldRows(
  schema: InputSchema,
  stop: (path: string, schema: InputSchema) => boolean = () => false,
  prefix = '',
): readonly FieldRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const row = { path, type: typeText(field), required: schema.required?.includes(name) === true };
    const inner = insideOf(field, path);
    return inner === null || stop(inner.path, inner.schema)
      ? [row]
      : [row, ...fieldRows(inner.schema, stop, `${inner.path}.`)];
  });
}

/** The mapping with known fields that a field is, or is a list or mapping of. A union counts by its last alternative. */
function insideOf(
  field: InputSchema,
  path: string,
): { readonly schema: InputSchema; readonly path: string } | null {
  if (field.properties !== undefined) return { schema: field, path };
  if (field.items !== undefined) return insideOf(field.items, `${path}[]`);
  if (typeof field.additionalProperties === 'object') {
    return insideOf(field.additionalProperties, `${path}.<name>`);
  }
  const last = field.title === undefined ? field.anyOf?.at(-1) : undefined;
  return last === undefined ? null : insideOf(last, path);
}

/** The type in words; literals as code. */
export function typeText(schema: InputSchema): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) {
    return schema.enum.map((value) => (value === '' ? 'empty' : `\`${String(value)}\``)).join(', ');
  }
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeText).join(' or ');
  switch (schema.type) {
    case 'array':
      return `list of ${schema.items === undefined ? 'anything' : typeText(schema.items)}`;
    case 'object':
      return typeof schema.additionalProperties === 'object' && schema.properties === undefined
        ? `mapping of ${Object.keys(schema.additionalProperties).length === 0 ? 'anything' : typeText(schema.additionalProperties)}`
        : 'mapping';
    case 'integer':
      return numberText('whole number', schema);
    case 'number':
      return numberText('number', schema);
    case 'boolean':
      return 'true or false';
    case 'string':
      return 'text';
    default:
      return 'anything';
  }
}

function numberText(noun: string, { minimum, maximum }: InputSchema): string {
  const from = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? null : minimum;
  const to = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? null : maximum;
  if (from !== null && to !== null) return `${noun} from ${from} to ${to}`;
  if (from !== null) return `${noun}, at least ${from}`;
  return to === null ? noun : `${noun}, at most ${to}`;
}
