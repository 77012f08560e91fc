import { asObject, asText, at, type Json, type JsonObject, metaOf } from './json.ts';
import type { Kind } from './kinds.ts';
import { badRequest } from './status.ts';

export type Matcher = (object: JsonObject) => boolean;

/** `a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined by commas. */
export function labelMatcher(selector: string): Matcher {
  const tests = splitOutsideParentheses(selector).map(requirement);
  return (object) => {
    const labels = asObject(metaOf(object)['labels']);
    return tests.every((test) => test(labels));
  };
}

type LabelTest = (labels: JsonObject) => boolean;

function requirement(text: string): LabelTest {
  const set = /^([^\s=!,()]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text);
  if (set !== null) {
    const [, key = '', operator = '', list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    const isIn: LabelTest = (labels) => labels[key] !== undefined && values.includes(asText(labels[key]));
    return operator === 'in' ? isIn : (labels) => !isIn(labels);
  }
  const equal = /^([^\s=!,()]+)\s*(==|=|!=)\s*([^\s=!,()]*)$/.exec(text);
  if (equal !== null) {
    const [, key = '', operator = '', value = ''] = equal;
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const exists = /^(!?)\s*([^\s=!,()]+)$/.exec(text);
  if (exists === null) throw badRequest(unparsable(text));
  const [, not = '', key = ''] = exists;
  return (labels) => (labels[key] === undefined) === (not === '!');
}

/** What Kubernetes' parser stumbles over first. */
function unparsable(text: string): string {
  const [, word = ''] = /^\S+\s+(?:in|notin)\s+([^\s(]+)/.exec(text) ?? [];
  if (word !== '') return `unable to parse requirement: found '${word}' expected: '('`;
  const [, rest = ''] = /^[^\s=!,()]+\s*(?:==|=|!=)\s*[^\s=!,()]*\s*([=!(]|[^\s=!,()]+)/.exec(text) ?? [];
  if (rest !== '') return `found '${rest}', expected: ',' or 'end of string'`;
  return `found '${text.slice(0, 1)}', expected: !, identifier, or 'end of string'`;
}

function splitOutsideParentheses(text: string): readonly string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** `metadata.name=x,status.phase!=Running`; another field than the kind's own is 400. */
export function fieldMatcher(selector: string, kind: Kind): Matcher {
  const tests = selector
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [, field = '', operator = '', value = ''] = /^([^=!]+)(==|=|!=)(.*)$/.exec(part) ?? [];
      if (field === '') throw badRequest(`invalid selector: '${selector}'; can't understand '${part}'`);
      const known =
        field === 'metadata.name' ||
        (field === 'metadata.namespace' && kind.namespaced) ||
        kind.selectable.includes(field);
      if (!known) throw badRequest(unknownField(field, kind));
      return (object: JsonObject): boolean =>
        (text(at(object, ...field.split('.'))) === value) === (operator !== '!=');
    });
  return (object) => tests.every((test) => test(object));
}

/** Kinds with fields of their own have another message. */
function unknownField(field: string, { builtIn, selectable }: Kind): string {
  return !builtIn || selectable.length > 0
    ? `field label not supported: ${field}`
    : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

function text(value: Json | undefined): string {
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value);
}

/** `spec.selector` of a workload, or the plain map of a Service. */
export function selectorMatcher(selector: Json | undefined): Matcher {
  const wanted = asObject(selector);
  const isLabelSelector = wanted['matchLabels'] !== undefined || wanted['matchExpressions'] !== undefined;
  return labelMatcher(isLabelSelector ? selectorText(selector) : mapText(wanted));
}

/** A `LabelSelector` as text, as the scale subresource shows it. */
export function selectorText(selector: Json | undefined): string {
  const { matchLabels, matchExpressions } = asObject(selector);
  const expressions = Array.isArray(matchExpressions) ? (matchExpressions as readonly Json[]) : [];
  return [
    ...(matchLabels === undefined ? [] : [mapText(asObject(matchLabels))]),
    ...expressions.map((expression) => {
      const { key, operator, values } = asObject(expression);
      const list = Array.isArray(values) ? `(${values.join(',')})` : '';
      if (operator === 'Exists') return asText(key);
      return operator === 'DoesNotExist'
        ? `!${asText(key)}`
        : `${asText(key)} ${asText(operator).toLowerCase()} ${list}`;
    }),
  ].join(',');
}

function mapText(labels: JsonObject): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${asText(value)}`)
    .join(',');
}
