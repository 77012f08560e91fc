import { builtInKinds } from './builtin-kinds.ts';
import { kindsOfCrd } from './custom-kinds.ts';
import type { JsonObject } from './json.ts';
import { apiVersionOf, type Kind, storeIdOf } from './kinds.ts';

/** Which kinds are served now: the built-in ones and those of established CRDs. */
export class Registry {
  readonly #kinds = new Map<string, Kind>(builtInKinds.map((kind) => [keyOf(kind), kind]));
  /** CRD name → what it added. */
  readonly #custom = new Map<string, readonly Kind[]>();

  find(group: string, version: string, plural: string): Kind | null {
    return this.#kinds.get(keyOf({ group, version, plural })) ?? null;
  }

  /** Some version of the kind that is stored there. */
  ofStore(storeId: string): Kind | null {
    return [...this.#kinds.values()].find((kind) => storeIdOf(kind) === storeId) ?? null;
  }

  /** By `apiVersion` and `kind` of an owner reference. */
  ofReference(apiVersion: string, kind: string): Kind | null {
    return (
      [...this.#kinds.values()].find((one) => one.kind === kind && apiVersionOf(one) === apiVersion) ?? null
    );
  }

  serve(name: string, crd: JsonObject): void {
    this.withdraw(name);
    const kinds = kindsOfCrd(crd);
    this.#custom.set(name, kinds);
    for (const kind of kinds) this.#kinds.set(keyOf(kind), kind);
  }

  withdraw(name: string): void {
    for (const kind of this.#custom.get(name) ?? []) this.#kinds.delete(keyOf(kind));
    this.#custom.delete(name);
  }

  /** One kind for each store. */
  get stored(): readonly Kind[] {
    return [...new Map([...this.#kinds.values()].map((kind) => [storeIdOf(kind), kind])).values()];
  }

  /** `APIGroupList` of `/apis`. */
  groups(): JsonObject {
    const names = [...new Set([...this.#kinds.values()].map(({ group }) => group))].filter(
      (group) => group !== '',
    );
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: names.map((name) => this.group(name) ?? {}) };
  }

  group(name: string): JsonObject | null {
    const versions = [
      ...new Set(
        [...this.#kinds.values()].filter(({ group }) => group === name).map(({ version }) => version),
      ),
    ];
    const [first] = versions.map((version) => ({
      groupVersion: apiVersionOf({ group: name, version }),
      version,
    }));
    if (first === undefined) return null;
    return {
      kind: 'APIGroup',
      apiVersion: 'v1',
      name,
      versions: versions.map((version) => ({
        groupVersion: apiVersionOf({ group: name, version }),
        version,
      })),
      preferredVersion: first,
    };
  }

  /** `APIResourceList` of one group and version. */
  resources(group: string, version: string): JsonObject | null {
    const kinds = [...this.#kinds.values()].filter(
      (kind) => kind.group === group && kind.version === version,
    );
    if (kinds.length === 0) return null;
    const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
    return {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: apiVersionOf({ group, version }),
      resources: kinds.flatMap(({ plural, kind, namespaced, shortNames, hasStatus, scale }) => {
        const sub = (name: string): JsonObject => ({
          name: `${plural}/${name}`,
          singularName: '',
          namespaced,
          kind,
          verbs: ['get', 'patch', 'update'],
        });
        return [
          { name: plural, singularName: kind.toLowerCase(), namespaced, kind, verbs, shortNames },
          ...(hasStatus ? [sub('status')] : []),
          ...(scale === null
            ? []
            : [{ ...sub('scale'), group: 'autoscaling', version: 'v1', kind: 'Scale' }]),
        ];
      }),
    };
  }
}

function keyOf({ group, version, plural }: Pick<Kind, 'group' | 'version' | 'plural'>): string {
  return `${group}/${version}/${plural}`;
}
