import { failure, ok, type Result } from '../../lib/result.ts';

/** What a query may ask for. `variables` are the metric's own. */
export interface QueryValues {
  readonly name: string;
  readonly namespace: string;
  readonly target: string;
  readonly service: string;
  readonly ingress: string;
  readonly route: string;
  readonly interval: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** Fills in Flagger's placeholders: `{{ target }}`, `{{ variables.x }}`, `{{ index variables "x" }}`. Error: the unknown one. */
export function renderQuery(query: string, values: QueryValues): Result<string, string> {
  let unknown: string | null = null;
  const text = query.replace(/\{\{([^{}]*)\}\}/g, (whole, inside: string) => {
    const value = valueOf(inside.replace(/^-|-$/g, '').trim(), values);
    if (value === null) unknown ??= whole;
    return value ?? whole;
  });
  return unknown === null ? ok(text) : failure(unknown);
}

function valueOf(expression: string, values: QueryValues): string | null {
  const variable = /^(?:variables\.([\w-]+)|index\s+variables\s+"([^"]*)")$/.exec(expression);
  const key = variable?.[1] ?? variable?.[2];
  if (key !== undefined) return Object.hasOwn(values.variables, key) ? (values.variables[key] ?? null) : null;
  const { variables: _, ...plain } = values;
  return Object.hasOwn(plain, expression) ? (plain[expression as keyof typeof plain] ?? null) : null;
}
