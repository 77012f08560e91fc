import { apiVersionOf, type KubeObject, type Resource } from './object.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The object as it is kept: without what only servers and `kubectl apply` read (a third of a pod), and with the `apiVersion` and `kind`
 * that the items of a list come without. client-go leaves both to a `TransformFunc`; here it is the default.
 */
export function trimmed<Item extends KubeObject>(resource: Resource, object: Item): Item {
  const { managedFields: _, annotations, ...metadata } = object.metadata;
  return {
    ...object,
    apiVersion: object.apiVersion ?? apiVersionOf(resource),
    kind: object.kind ?? resource.kind,
    metadata:
      annotations === undefined ? metadata : { ...metadata, annotations: withoutLastApplied(annotations) },
  };
}

function withoutLastApplied(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (annotations[lastApplied] === undefined) return annotations;
  const { [lastApplied]: _, ...rest } = annotations;
  return rest;
}
