import type { Kind } from './kinds.ts';
import type { Registry } from './registry.ts';

/** What a path names. */
export type Route =
  | {
      readonly kind: 'objects';
      readonly of: Kind;
      readonly namespace: string;
      readonly name: string;
      readonly subresource: string;
    }
  | { readonly kind: 'discovery'; readonly group: string | null; readonly version: string | null }
  | { readonly kind: 'plain'; readonly path: string }
  /** A group and version that are served, and no kind of theirs. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown' };

export function routeOf(path: string, registry: Registry): Route {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const [root, ...rest] = parts;
  if (root === 'api') {
    if (rest.length === 0) return { kind: 'plain', path: '/api' };
    return below('', rest, registry);
  }
  if (root === 'apis') {
    const [group, ...more] = rest;
    if (group === undefined) return { kind: 'discovery', group: null, version: null };
    if (more.length === 0) return { kind: 'discovery', group, version: null };
    return below(group, more, registry);
  }
  return { kind: 'plain', path };
}

function below(group: string, [version = '', ...parts]: readonly string[], registry: Registry): Route {
  if (parts.length === 0) return { kind: 'discovery', group, version };
  const isInNamespace =
    parts[0] === 'namespaces' && parts.length > 2 && !['status', 'finalize'].includes(parts[2] ?? '');
  const namespace = isInNamespace ? (parts[1] ?? '') : '';
  const [plural = '', name = '', subresource = '', ...more] = isInNamespace ? parts.slice(2) : parts;
  const of = registry.find(group, version, plural);
  if (of === null && registry.resources(group, version) !== null) return { kind: 'nothing' };
  if (of === null || more.length > 0 || (!of.namespaced && isInNamespace)) return { kind: 'unknown' };
  if (of.namespaced && !isInNamespace && name !== '') return { kind: 'unknown' };
  return { kind: 'objects', of, namespace, name, subresource };
}
