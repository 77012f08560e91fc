import {
  asList,
  asObject,
  at,
  type Json,
  type JsonObject,
  metaOf,
  nameOf,
  namespaceOf,
  same,
  uidOf,
  withAt,
} from './json.ts';
import { type Kind, storeIdOf } from './kinds.ts';
import { removeObject } from './remove.ts';
import { StatusError } from './status.ts';
import { timeText, type World } from './world.ts';
import { createObject, patchObject, type Writing } from './write.ts';

/** What controllers see and do: the store by uid and selector, and writes that a lost race or a full quota does not stop. */
export class Cluster {
  readonly world: World;
  readonly #manager: string;
  #addresses = 0;

  constructor(world: World, manager: string) {
    this.world = world;
    this.#manager = manager;
  }

  nowText(): string {
    return timeText(this.world.clock.wallMs());
  }

  nowMs(): number {
    return this.world.clock.wallMs();
  }

  random(): number {
    return this.world.random();
  }

  list(storeId: string, namespace: string): readonly JsonObject[] {
    return this.world.store
      .list(storeId)
      .flatMap(([, object]) => (namespace === '' || namespaceOf(object) === namespace ? [object] : []));
  }

  /** Objects that name the owner as their controller. */
  controlled(owner: JsonObject, storeId: string): readonly JsonObject[] {
    return this.world.store.ownedBy(uidOf(owner)).flatMap((uid) => {
      const found = this.world.store.find(uid);
      const isHis = asList(metaOf(found?.object ?? {})['ownerReferences']).some(
        (reference) => at(reference, 'uid') === uidOf(owner) && at(reference, 'controller') === true,
      );
      return found !== null && found.storeId === storeId && isHis ? [found.object] : [];
    });
  }

  create(storeId: string, object: JsonObject): boolean {
    return this.#try(storeId, (kind) =>
      createObject(this.world, { kind, namespace: namespaceOf(object) }, object, this.#how('')),
    );
  }

  setStatus(storeId: string, object: JsonObject, status: JsonObject): boolean {
    if (same(object['status'], status)) return true;
    return this.#patch(storeId, object, [{ op: 'add', path: '/status', value: status }], 'status');
  }

  setSpec(storeId: string, object: JsonObject, path: readonly string[], value: Json): boolean {
    const next = withAt(object, ['spec', ...path], value);
    return this.#patch(storeId, object, [{ op: 'add', path: '/spec', value: asObject(next['spec']) }], '');
  }

  /** As the scheduler does through `pods/binding`: no other write may place a pod. */
  bind(pod: JsonObject, nodeName: string): boolean {
    const found = this.world.store.find(uidOf(pod));
    if (found === null) return false;
    const bound = withAt(found.object, ['spec', 'nodeName'], nodeName);
    this.world.store.put(found.storeId, found.key, bound);
    return true;
  }

  /** Creates it, or takes it over as it is wanted. */
  applyAs(storeId: string, object: JsonObject): boolean {
    const target = { namespace: namespaceOf(object), name: nameOf(object) };
    return this.#try(storeId, (kind) =>
      patchObject(
        this.world,
        { kind, ...target },
        { type: 'apply', body: object, force: true },
        this.#how(''),
      ),
    );
  }

  /** Counts up: each pod has an address of its own. */
  nextAddress(): number {
    this.#addresses += 1;
    return this.#addresses;
  }

  remove(storeId: string, object: JsonObject, gracePeriodSeconds?: number): boolean {
    const target = { namespace: namespaceOf(object), name: nameOf(object) };
    return this.#try(storeId, (kind) =>
      removeObject(
        this.world,
        { kind, ...target },
        {
          uid: uidOf(object),
          dryRun: false,
          ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
        },
      ),
    );
  }

  #patch(storeId: string, object: JsonObject, body: Json, subresource: Writing['subresource']): boolean {
    const target = { namespace: namespaceOf(object), name: nameOf(object) };
    return this.#try(storeId, (kind) =>
      patchObject(this.world, { kind, ...target }, { type: 'json', body }, this.#how(subresource)),
    );
  }

  #how(subresource: Writing['subresource']): Writing {
    return { manager: this.#manager, subresource, strict: false, dryRun: false };
  }

  #try(storeId: string, work: (kind: Kind) => unknown): boolean {
    const kind = this.world.registry.stored.find((one) => storeIdOf(one) === storeId);
    if (kind === undefined) return false;
    try {
      work(kind);
      return true;
    } catch (thrown) {
      if (thrown instanceof StatusError) return false;
      throw thrown;
    }
  }
}
