import type { z } from 'zod';
import { writtenPath } from './annotations.ts';
import { isRecord, type SourceDocument } from './document.ts';
import { type Edit, type Finding, findingAt, type FindingParts, type Path } from './finding.ts';
import { nearestName } from './nearest-name.ts';
import type { IssueParams } from './schema/fields.ts';

type Issue = z.core.$ZodIssue;

/**
 * What a schema has against a document, in a user's words, each at its place. Not called for documents that fit.
 * `root` is the schema that gave the issues: it knows which fields there are.
 */
export function schemaFindings(
  document: SourceDocument,
  root: z.ZodType,
  issues: readonly Issue[],
): readonly Finding[] {
  return issues.flatMap((issue) => issueFindings(document, root, issue, toPath(issue.path)));
}

function issueFindings(
  document: SourceDocument,
  root: z.ZodType,
  issue: Issue,
  path: Path,
): readonly Finding[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      findingAt(document, [...path, key], unknownField(document, root, path, key)),
    );
  }
  const written = valueAt(document.value, path) === undefined ? writtenPath(document.value, path) : path;
  const branch = issue.code === 'invalid_union' ? likeliestBranch(issue.errors) : null;
  if (branch === null) return [findingAt(document, written, valueParts(document, issue, written))];
  return branch.flatMap((inner) => issueFindings(document, root, inner, [...path, ...toPath(inner.path)]));
}

function unknownField(document: SourceDocument, root: z.ZodType, path: Path, key: string): FindingParts {
  const known = fieldsAt(root, path);
  const near = nearestName(key, known);
  const where = path.length === 0 ? 'the document' : pathText(path);
  const message = `${where} has no field "${key}".`;
  if (near !== null) {
    const edit: Edit = { kind: 'rename', document: document.index, path: [...path, key], key: near };
    return { code: 'unknown-field', message, fix: `write ${near}`, edit };
  }
  const home = placesOf(root, key)[0];
  if (home !== undefined)
    return { code: 'unknown-field', message, fix: `it belongs under ${home}: move it there` };
  const edit: Edit = { kind: 'remove', document: document.index, path: [...path, key] };
  return { code: 'unknown-field', message, fix: `remove it; the fields here are ${known.join(', ')}`, edit };
}

function valueParts(document: SourceDocument, issue: Issue, path: Path): FindingParts {
  const value = valueAt(document.value, path);
  const name = path.length === 0 ? 'the document' : pathText(path);
  if (value === undefined || value === null) {
    const code = path.at(-1) === 'port' && path.at(-2) === 'service' ? 'port-missing' : 'missing-field';
    return { code, message: `${name} is missing.`, fix: `add ${String(path.at(-1) ?? 'it')}` };
  }
  const params = issue.code === 'custom' ? (issue.params as IssueParams | undefined) : undefined;
  const shown = isPrivate(path) ? 'a value that is not shown' : shorten(JSON.stringify(value));
  if (params !== undefined)
    return { code: params.code, message: `${name} is ${shown}: ${issue.message}.`, fix: params.fix };
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String).filter((word) => word !== '');
    const near = typeof value === 'string' ? nearestName(value, allowed) : null;
    const fix = near === null ? `write one of ${allowed.join(', ')}` : `write ${near}`;
    const edit: Edit | null =
      near === null ? null : { kind: 'set', document: document.index, path, value: near };
    return {
      code: 'invalid-value',
      message: `${name} is ${shown}, which is none of ${allowed.join(', ')}.`,
      fix,
      edit,
    };
  }
  if (issue.code === 'invalid_type' || issue.code === 'invalid_union') {
    return {
      code: 'wrong-type',
      message: `${name} is ${shown}: ${typeMessage(issue)}.`,
      ...typeCure(document, issue, path, value),
    };
  }
  return {
    code: 'invalid-value',
    message: `${name} is ${shown}: ${issue.message}.`,
    fix: 'write a value within the limits',
  };
}

function typeMessage(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input'))
    return `expected ${typeWord(issue.expected)}`;
  return issue.message;
}

function typeCure(
  document: SourceDocument,
  issue: Issue,
  path: Path,
  value: unknown,
): { fix: string; edit: Edit | null } {
  const expected = issue.code === 'invalid_type' ? issue.expected : '';
  const set = (to: unknown): Edit => ({ kind: 'set', document: document.index, path, value: to });
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return {
      fix: `write "${value}" in quotes`,
      edit: issue.message.includes('duration') ? null : set(String(value)),
    };
  }
  if (
    (expected === 'number' || expected === 'int') &&
    typeof value === 'string' &&
    /^-?\d+(\.\d+)?$/.test(value)
  ) {
    return { fix: `write ${value} without quotes`, edit: set(Number(value)) };
  }
  if (expected === 'boolean' && (value === 'true' || value === 'false'))
    return { fix: `write ${value} without quotes`, edit: set(value === 'true') };
  return { fix: expected === '' ? 'write one of the two forms' : `write ${typeWord(expected)}`, edit: null };
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function typeWord(expected: string): string {
  return typeWords[expected] ?? expected;
}

/** The branch that fits the value's type at least, so that its inner issues say something. */
function likeliestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  return (
    branches.find((issues) => issues.every(({ path, code }) => path.length > 0 || code !== 'invalid_type')) ??
    null
  );
}

/** Names of the fields that the schema has at `path`. */
function fieldsAt(root: z.ZodType, path: Path): readonly string[] {
  let schemas = [unwrap(root)];
  for (const segment of path) schemas = schemas.flatMap((schema) => children(schema, segment));
  return [...new Set(schemas.flatMap((schema) => Object.keys(shapeOf(schema) ?? {})))];
}

/** Paths of mappings that do have a field of this name, the shortest first. */
function placesOf(root: z.ZodType, key: string): readonly string[] {
  const found: string[] = [];
  const walk = (schema: z.ZodType, path: Path): void => {
    if (path.length > 8) return;
    for (const option of optionsOf(schema)) {
      const shape = shapeOf(option);
      if (shape && key in shape && path.length > 0) found.push(pathText(path));
      for (const [name, field] of Object.entries(shape ?? {})) walk(unwrap(field), [...path, name]);
      const element = definitionOf(option).element;
      if (element) walk(unwrap(element), path);
    }
  };
  walk(unwrap(root), []);
  return found.toSorted((a, b) => a.length - b.length);
}

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly options?: readonly z.ZodType[];
}

function definitionOf(schema: z.ZodType): Definition {
  return schema._zod.def;
}

function unwrap(schema: z.ZodType): z.ZodType {
  const { innerType, type, in: input } = definitionOf(schema);
  if (innerType) return unwrap(innerType);
  return type === 'pipe' && input ? unwrap(input) : schema;
}

function optionsOf(schema: z.ZodType): readonly z.ZodType[] {
  return definitionOf(schema).options?.map(unwrap) ?? [schema];
}

function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> | undefined {
  return definitionOf(schema).shape;
}

function children(schema: z.ZodType, segment: string | number): z.ZodType[] {
  return optionsOf(schema).flatMap((option) => {
    const { element, valueType } = definitionOf(option);
    const child = typeof segment === 'number' ? element : (shapeOf(option)?.[segment] ?? valueType);
    return child ? [unwrap(child)] : [];
  });
}

/** `spec.analysis.metrics[2].name` */
export function pathText(path: Path): string {
  return path
    .map((segment, i) => (typeof segment === 'number' ? `[${segment}]` : i === 0 ? segment : `.${segment}`))
    .join('');
}

export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const segment of path) {
    if (Array.isArray(at) && typeof segment === 'number') at = at[segment];
    else if (isRecord(at) && Object.hasOwn(at, String(segment))) at = at[String(segment)];
    else return undefined;
  }
  return at;
}

function toPath(path: readonly PropertyKey[]): Path {
  return path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
}

/** Where people put secrets; a finding may end up in a log. */
function isPrivate(path: Path): boolean {
  return path.some((segment) => segment === 'env' || segment === 'headers' || segment === 'httpHeaders');
}

function shorten(text: string | undefined): string {
  return text === undefined ? 'nothing' : text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
