import { asList, asText, at, type Json, type JsonObject, metaOf } from './json.ts';
import { type Kind, storeIdOf } from './kinds.ts';

/** One kind and what of it is left in a namespace that goes. */
export interface Remains {
  readonly kind: Kind;
  readonly objects: readonly JsonObject[];
}

/** What the namespace controller says about what it waits for. */
export function conditionsOf(
  remains: readonly Remains[],
  before: Json | undefined,
  time: string,
): readonly Json[] {
  const left = remains.map(({ kind, objects }) => {
    const name = kind.group === '' ? `${kind.plural}.` : storeIdOf(kind);
    return `${name} has ${objects.length} resource instances`;
  });
  const finalizers = remains
    .flatMap(({ objects }) => objects)
    .flatMap((object) => asList(metaOf(object)['finalizers']).map(asText));
  const held = [...Map.groupBy(finalizers, (name) => name)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, all]) => `${name} in ${all.length} resource instances`);
  const condition = (type: string, status: string, reason: string, message: string): Json => {
    const old = asList(before).find((one) => at(one, 'type') === type);
    const lastTransitionTime = at(old, 'status') === status ? (at(old, 'lastTransitionTime') ?? time) : time;
    return { type, status, reason, message, lastTransitionTime };
  };
  return [
    condition(
      'NamespaceDeletionDiscoveryFailure',
      'False',
      'ResourcesDiscovered',
      'All resources successfully discovered',
    ),
    condition(
      'NamespaceDeletionGroupVersionParsingFailure',
      'False',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    condition(
      'NamespaceDeletionContentFailure',
      'False',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    left.length === 0
      ? condition('NamespaceContentRemaining', 'False', 'ContentRemoved', 'All content successfully removed')
      : condition(
          'NamespaceContentRemaining',
          'True',
          'SomeResourcesRemain',
          `Some resources are remaining: ${left.join(', ')}`,
        ),
    held.length === 0
      ? condition(
          'NamespaceFinalizersRemaining',
          'False',
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        )
      : condition(
          'NamespaceFinalizersRemaining',
          'True',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${held.join(', ')}`,
        ),
  ];
}
