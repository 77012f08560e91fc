import { assert } from './assert.ts';

/**
 * JSON in the one form of RFC 8785 (JCS): keys sorted by UTF-16 code units, no spaces, numbers as ECMAScript writes them.
 * Members that are `undefined` are left out, as in `JSON.stringify`. Two equal values give equal text, so it can be hashed.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    assert(Number.isFinite(value), 'a number in canonical JSON is finite');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  assert(typeof value === 'object', 'canonical JSON holds JSON values only');
  const members: string[] = [];
  for (const key of Object.keys(value).toSorted(byCodeUnit)) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(',')}}`;
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
