import { asNumber, asObject, asText, at, type JsonObject, nameOf, namespaceOf } from './json.ts';
import { type Kind, storeIdOf } from './kinds.ts';
import { forbidden, StatusError } from './status.ts';
import type { World } from './world.ts';

/** May the object come into being: its namespace exists and stays, and no quota is used up. */
export function admit({ store }: World, object: JsonObject, kind: Kind): void {
  if (!kind.namespaced) return;
  const namespace = namespaceOf(object);
  const home = store.get('namespaces', namespace);
  if (home === null) {
    throw new StatusError({
      code: 404,
      reason: 'NotFound',
      message: `namespaces ${JSON.stringify(namespace)} not found`,
      details: { name: namespace, kind: 'namespaces' },
    });
  }
  if (at(home, 'metadata', 'deletionTimestamp') !== undefined) {
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw forbidden(kind, nameOf(object), why, [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ]);
  }
  const names = [`count/${storeIdOf(kind)}`, ...(kind.group === '' ? [kind.plural] : [])];
  for (const [, quota] of store.list('resourcequotas')) {
    if (namespaceOf(quota) !== namespace) continue;
    for (const [resource, limit] of Object.entries(asObject(at(quota, 'spec', 'hard')))) {
      if (!names.includes(resource)) continue;
      const used = store.list(storeIdOf(kind)).filter(([, one]) => namespaceOf(one) === namespace).length;
      const most = typeof limit === 'number' ? limit : asNumber(Number(asText(limit)));
      if (used < most) continue;
      throw forbidden(
        kind,
        nameOf(object),
        `exceeded quota: ${nameOf(quota)}, requested: ${resource}=1, used: ${resource}=${used}, limited: ${resource}=${most}`,
      );
    }
  }
}
