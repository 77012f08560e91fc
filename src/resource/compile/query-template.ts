import { failure, ok, type Result } from '../../lib/result.ts';
import { placeholdersOf } from '../promql/template.ts';

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

/** Fills in Flagger's placeholders: `{{ target }}`, `{{ variables.x }}`, `{{ index variables "x" }}`. The error names the one that has no value. */
export function renderQuery(query: string, values: QueryValues): Result<string, string> {
  const placeholders = placeholdersOf(query);
  if (!placeholders.ok) return failure(placeholders.error.message);
  let text = '';
  let at = 0;
  for (const { name, from, to } of placeholders.value) {
    const value = valueOf(name, values);
    if (value === null) return failure(`templateVariables has no value for "${query.slice(from, to)}"`);
    text += query.slice(at, from) + value;
    at = to;
  }
  return ok(text + query.slice(at));
}

function valueOf(name: string, { variables, ...plain }: QueryValues): string | null {
  if (Object.hasOwn(plain, name)) return plain[name as keyof typeof plain];
  const key = name.slice('variables.'.length);
  return Object.hasOwn(variables, key) ? (variables[key] ?? null) : null;
}
