import { asText, type Json, type JsonObject } from './json.ts';
import { apiVersionOf, inVersion, type Kind, storeIdOf } from './kinds.ts';
import { fieldMatcher, labelMatcher, type Matcher } from './selectors.ts';
import {
  badRequest,
  expired,
  type FieldError,
  fieldForbidden,
  fieldNotSupported,
  internalError,
  invalid,
  tooLargeVersion,
} from './status.ts';
import type { World } from './world.ts';

/** Which objects of a kind a request is about. */
export interface Scope {
  readonly kind: Kind;
  /** '' : all. */
  readonly namespace: string;
  readonly query: URLSearchParams;
}

export function matcherOf({ kind, namespace, query }: Scope): Matcher {
  const labels = labelMatcher(query.get('labelSelector') ?? '');
  const fields = fieldMatcher(query.get('fieldSelector') ?? '', kind);
  return (object) =>
    (namespace === '' || asText((object['metadata'] as JsonObject)['namespace']) === namespace) &&
    labels(object) &&
    fields(object);
}

export function listOptionErrors(query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  const errors: FieldError[] = [];
  if (match !== '') {
    if (version === '')
      errors.push(
        fieldForbidden(
          'resourceVersionMatch',
          'resourceVersionMatch is forbidden unless resourceVersion is provided',
        ),
      );
    if (query.get('continue'))
      errors.push(
        fieldForbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'),
      );
    if (match !== 'Exact' && match !== 'NotOlderThan')
      errors.push(fieldNotSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && version === '0') {
      errors.push(
        fieldForbidden(
          'resourceVersionMatch',
          'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
      );
    }
  }
  if (query.has('sendInitialEvents'))
    errors.push(fieldForbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}

/** A resourceVersion of the query; 0 where there is none. One that is no number is the caller's error in a list, and the server's in a watch. */
export function versionOf(query: URLSearchParams, verb: 'list' | 'watch'): number {
  const text = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(text)) {
    const why = `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`;
    throw verb === 'list' ? badRequest(`invalid resource version: ${why}`) : internalError(why);
  }
  return Number(text);
}

interface Token {
  /** -1: from the present state, since the first page's is gone. */
  readonly version: number;
  readonly after: string;
}

function encodeToken(token: Token): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.version, start: token.after })).toString(
    'base64url',
  );
}

function decodeToken(text: string): Token {
  try {
    const { rv, start } = JSON.parse(Buffer.from(text, 'base64url').toString()) as {
      readonly rv: unknown;
      readonly start: unknown;
    };
    if (typeof rv === 'number' && typeof start === 'string') return { version: rv, after: start };
  } catch {
    // Falls through to the one answer for all that cannot be read.
  }
  const [first = 0] = Buffer.from(text, 'base64url');
  const shown =
    first < 0x20 || (first > 0x7e && first < 0xa0)
      ? `\\u${first.toString(16).padStart(4, '0')}`
      : String.fromCharCode(first);
  throw badRequest(
    `invalid continue token: continue key is not valid: invalid character '${shown}' looking for beginning of value`,
  );
}

const inconsistent =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

/** A page of a list, at one resourceVersion from its first page to the last. */
export function listObjects({ store }: World, scope: Scope): JsonObject {
  const { kind, query } = scope;
  listOptionErrors(query);
  const asked = versionOf(query, 'list');
  const isExact = query.get('resourceVersionMatch') === 'Exact';
  if (asked > store.resourceVersion) throw tooLargeVersion(asked, store.resourceVersion);
  const token = query.get('continue') ? decodeToken(query.get('continue') ?? '') : null;
  if (token !== null && asked > 0)
    throw badRequest('specifying resource version is not allowed when using continue');
  const version =
    token !== null && token.version >= 0 ? token.version : isExact ? asked : store.resourceVersion;
  const all = store.listAt(storeIdOf(kind), version);
  if (all === null) {
    if (token !== null) throw expired(inconsistent, encodeToken({ version: -1, after: token.after }));
    throw expired('The resourceVersion for the provided list is too old.');
  }
  const matches = matcherOf(scope);
  const found = all.filter(([key, object]) => (token === null || key > token.after) && matches(object));
  const limit = Number(query.get('limit') ?? 0);
  const page = limit > 0 ? found.slice(0, limit) : found;
  const remaining = found.length - page.length;
  const isSelected = (query.get('labelSelector') ?? '') !== '' || (query.get('fieldSelector') ?? '') !== '';
  const metadata: Readonly<Record<string, Json>> = {
    resourceVersion: String(version),
    // Lists of custom resources always have the field.
    ...(kind.builtIn ? {} : { continue: '' }),
    ...(remaining > 0 ? { continue: encodeToken({ version, after: page.at(-1)?.[0] ?? '' }) } : {}),
    ...(remaining > 0 && !isSelected ? { remainingItemCount: remaining } : {}),
  };
  return {
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    metadata,
    items: page.map(([, object]) => inVersion(object, kind)),
  };
}
