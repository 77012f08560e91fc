import type { KnownDifference } from './compare.ts';

const onlyInWords =
  'error.details.causes[spec.validation.openAPIV3Schema.x-kubernetes-validations[0].rule].message';

/** Where the fake may differ from a real control plane. One that no longer differs fails the comparison. */
export const knownDifferences: readonly KnownDifference[] = [
  {
    step: 'workloads: change the node of a Pod',
    path: 'error.details.causes[spec].message',
    why: 'The API server appends a diff of the Go structs of both specs.',
  },
  {
    step: 'workloads: change the node of a Pod',
    path: 'error.message',
    why: 'The same diff.',
  },
  {
    step: 'custom resources: define a kind of a broken rule',
    path: onlyInWords,
    why: 'Another parser of CEL finds the same fault in words of its own.',
  },
  {
    step: 'custom resources: define a kind of a broken rule',
    path: 'error.message',
    why: 'The same words.',
  },
  {
    step: 'custom resources: create with a list for an object',
    path: 'error.details.causes',
    why: 'The API server also says that it finds no replicas in a list; the list is refused either way.',
  },
];
