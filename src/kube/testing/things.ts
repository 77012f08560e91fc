import type { Resource } from '../object.ts';

/** The kind of the runtime's own tests. */
export const things: Resource = {
  group: '',
  version: 'v1',
  plural: 'things',
  kind: 'Thing',
  namespaced: true,
};
