import { KubeError } from '../kube-error.ts';
import type { ObjectName, Resource } from '../object.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** `/api/v1/namespaces/a/pods`, `/apis/apps/v1/deployments`: of one namespace, or of all where it is absent. */
export function collectionPath(resource: Resource, namespace: string | undefined): string {
  const { group, namespaced, plural, version } = resource;
  const root = group === '' ? `/api/${segment(version)}` : `/apis/${segment(group)}/${segment(version)}`;
  if (namespace === undefined || namespace === '') return `${root}/${segment(plural)}`;
  if (!namespaced) throw badRequest(`${resource.kind} has no namespaces, yet one was named: ${namespace}`);
  return `${root}/namespaces/${segment(namespace)}/${segment(plural)}`;
}

export function objectPath(resource: Resource, name: ObjectName, subresource?: string): string {
  requireNamespace(resource, name.namespace);
  const path = `${collectionPath(resource, name.namespace)}/${segment(name.name)}`;
  return subresource === undefined ? path : `${path}/${segment(subresource)}`;
}

/** An object of a kind with namespaces lies in one; a collection may span all. */
export function requireNamespace(resource: Resource, namespace: string | undefined): void {
  if (resource.namespaced && (namespace === undefined || namespace === ''))
    throw badRequest(`a ${resource.kind} lies in a namespace, and none was named`);
}

export function queryOf(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/**
 * client-go's `IsValidPathSegmentName`: a name that would lead to another object is refused here, whatever a proxy on the way makes of it.
 */
function segment(text: string): string {
  if (text === '' || text === '.' || text === '..' || /[/%]/.test(text))
    throw badRequest(`${JSON.stringify(text)} cannot be a part of a path of the API`);
  return encodeURIComponent(text);
}

export function badRequest(message: string): KubeError {
  return new KubeError({ reason: 'BadRequest', message });
}
