import { admit } from './admission.ts';
import { applyObject } from './apply.ts';
import {
  asList,
  asObject,
  asText,
  type Json,
  type JsonObject,
  metaOf,
  nameOf,
  namespaceOf,
  same,
  uidOf,
  withAt,
  withMeta,
  without,
} from './json.ts';
import { apiVersionOf, inVersion, type Kind, storeIdOf } from './kinds.ts';
import { type Manager, ownByUpdate } from './managed-fields.ts';
import { jsonPatch, mergePatch } from './patch.ts';
import { prepared, validated } from './prepare.ts';
import { strategicMerge } from './strategic.ts';
import { withServerFields } from './server-fields.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  fieldForbidden,
  fieldInvalid,
  internalError,
  invalid,
  modified,
  notFound,
  unsupportedMediaType,
} from './status.ts';
import { keyOf, nameSuffix, newUid, timeText, type World } from './world.ts';

/** How a write is meant. */
export interface Writing {
  readonly manager: string;
  readonly subresource: '' | 'status' | 'scale';
  readonly strict: boolean;
  readonly dryRun: boolean;
}

export type PatchBody =
  | { readonly type: 'json' | 'merge' | 'strategic'; readonly body: Json }
  | { readonly type: 'apply'; readonly body: JsonObject; readonly force: boolean };

export interface Target {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

/** POST. */
export function createObject(
  world: World,
  { kind, namespace }: Omit<Target, 'name'>,
  sent: JsonObject,
  how: Writing,
): JsonObject {
  checkType(sent, kind);
  if (asText(metaOf(sent)['resourceVersion']) !== '')
    throw internalError('resourceVersion should not be set on objects to be created');
  const home = homeOf(sent, kind, namespace);
  const named = withName(world, withMeta(sent, { namespace: kind.namespaced ? home : undefined }));
  const object = prepared(named, kind, { strict: how.strict, from: 'body' });
  return born(world, kind, object, null, how);
}

function born(
  world: World,
  kind: Kind,
  object: JsonObject,
  owned: JsonObject | null,
  how: Writing,
): JsonObject {
  const key = keyOf(namespaceOf(object), nameOf(object));
  const time = timeText(world.clock.wallMs());
  const fresh = withMeta(kind.hasStatus ? without(object, 'status') : object, {
    uid: newUid(world.random),
    creationTimestamp: time,
    generation: kind.hasGeneration ? 1 : undefined,
    resourceVersion: undefined,
    deletionTimestamp: undefined,
    managedFields: owned === null ? undefined : metaOf(owned)['managedFields'],
  });
  const mine = owned === null ? ownByUpdate(null, fresh, kind, managerOf('Update', how), time) : fresh;
  const byte = (): number => Math.floor(world.random() * 256);
  const final = withServerFields(mine, kind, () => `10.96.${byte()}.${byte()}`);
  validated(final, null, kind, 'all');
  admit(world, final, kind);
  if (world.store.get(storeIdOf(kind), key) !== null) throw alreadyExists(kind, nameOf(final));
  return how.dryRun ? final : world.store.put(storeIdOf(kind), key, final);
}

function withName({ random }: World, object: JsonObject): JsonObject {
  const prefix = asText(metaOf(object)['generateName']);
  return nameOf(object) !== '' || prefix === ''
    ? object
    : withMeta(object, { name: `${prefix}${nameSuffix(random)}` });
}

function managerOf(operation: Manager['operation'], { manager, subresource }: Writing): Manager {
  return { manager, operation, subresource };
}

function checkType(sent: JsonObject, kind: Kind): void {
  const { apiVersion, kind: name } = sent;
  if (name !== undefined && name !== kind.kind) {
    throw badRequest(
      `${asText(name)} in version "${kind.version}" cannot be handled as a ${kind.kind}: converting (${kind.version}.${asText(name)}) to (core.${kind.kind}): unknown conversion`,
    );
  }
  if (apiVersion !== undefined && apiVersion !== apiVersionOf(kind)) {
    throw badRequest(
      `the API version in the data (${asText(apiVersion)}) does not match the expected API version (${apiVersionOf(kind)})`,
    );
  }
  if (kind.builtIn) return;
  if (name === undefined || apiVersion === undefined)
    throw badRequest("Object 'Kind' is missing or 'apiVersion' is missing");
}

function homeOf(sent: JsonObject, kind: Kind, namespace: string): string {
  const given = asText(metaOf(sent)['namespace']);
  if (kind.namespaced && given !== '' && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  return namespace;
}

/** PUT. */
export function replaceObject(world: World, target: Target, sent: JsonObject, how: Writing): JsonObject {
  const { kind, name } = target;
  checkType(sent, kind);
  const given = nameOf(sent);
  if (given !== name)
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  const home = homeOf(sent, kind, target.namespace);
  const old = inVersion(current(world, target), kind);
  const object = prepared(withMeta(sent, { namespace: kind.namespaced ? home : undefined }), kind, {
    strict: how.strict,
    from: 'body',
  });
  if (asText(metaOf(sent)['resourceVersion']) === '' && !kind.unconditionalUpdate) {
    throw invalid({ group: kind.group, kind: kind.plural }, name, [
      {
        path: 'metadata.resourceVersion',
        reason: 'FieldValueInvalid',
        message: 'Invalid value: 0: must be specified for an update',
      },
    ]);
  }
  return changed(world, target, old, object, how, null, 'put');
}

/** PATCH; an apply creates what is not there. */
export function patchObject(world: World, target: Target, patch: PatchBody, how: Writing): JsonObject {
  const { kind, name } = target;
  if (patch.type === 'apply') return applied(world, target, patch.body, patch.force, how);
  if (patch.type === 'strategic' && !kind.builtIn) {
    throw unsupportedMediaType([
      'application/json-patch+json',
      'application/merge-patch+json',
      'application/apply-patch+yaml',
    ]);
  }
  const old = inVersion(current(world, target), kind);
  const patched =
    patch.type === 'json'
      ? jsonPatch(old, patch.body)
      : patch.type === 'merge'
        ? mergePatch(old, patch.body)
        : strategicMerge(old, patch.body, kind.schema);
  const object = prepared(asObject(patched), kind, { strict: how.strict, from: 'patch' });
  if (nameOf(object) !== name)
    throw badRequest(
      `the name of the object (${nameOf(object)}) does not match the name on the URL (${name})`,
    );
  return changed(world, target, old, object, how, null);
}

function applied(world: World, target: Target, sent: JsonObject, force: boolean, how: Writing): JsonObject {
  const { kind, namespace, name } = target;
  if (sent['apiVersion'] === undefined || sent['kind'] === undefined)
    throw badRequest("Object 'Kind' is missing");
  checkType(sent, kind);
  if (nameOf(sent) !== '' && nameOf(sent) !== name) {
    throw badRequest(`the name of the object (${nameOf(sent)}) does not match the name on the URL (${name})`);
  }
  if (metaOf(sent)['managedFields'] !== undefined) throw badRequest('metadata.managedFields must be nil');
  const home = homeOf(sent, kind, namespace);
  const config = withMeta(sent, { name, namespace: kind.namespaced ? home : undefined });
  const stored = world.store.get(storeIdOf(kind), keyOf(namespace, name));
  if (stored === null && (how.subresource !== '' || uidOf(sent) !== '')) throw notFound(kind, name);
  const live = stored === null ? null : inVersion(stored, kind);
  const time = timeText(world.clock.wallMs());
  const merged = applyObject(live, config, kind, { who: managerOf('Apply', how), time, force });
  const object = prepared(merged, kind, { strict: how.strict, from: 'patch' });
  return live === null
    ? born(world, kind, object, merged, how)
    : changed(world, target, live, object, how, merged);
}

export function current({ store }: World, { kind, namespace, name }: Target): JsonObject {
  const object = store.get(storeIdOf(kind), keyOf(namespace, name));
  if (object === null) throw notFound(kind, name);
  return object;
}

/** The common end of PUT and PATCH. `owned` carries the managedFields of an apply. */
function changed(
  world: World,
  target: Target,
  old: JsonObject,
  sent: JsonObject,
  how: Writing,
  owned: JsonObject | null,
  from: 'put' | 'patch' = 'patch',
): JsonObject {
  const { kind, name } = target;
  const uid = asText(metaOf(sent)['uid']);
  // A PUT takes it for a precondition.
  if (from === 'patch' && uid !== '' && uid !== uidOf(old)) {
    throw invalid(kind, name, [fieldInvalid('metadata.uid', uid, 'field is immutable')]);
  }
  checkPreconditions(old, metaOf(sent), target);
  const next = withMeta(partOf(old, sent, kind, how), {
    uid: uidOf(old),
    creationTimestamp: metaOf(old)['creationTimestamp'],
    deletionTimestamp: metaOf(old)['deletionTimestamp'],
    deletionGracePeriodSeconds: metaOf(old)['deletionGracePeriodSeconds'],
    resourceVersion: metaOf(old)['resourceVersion'],
    generation: generationOf(old, partOf(old, sent, kind, how), kind),
    managedFields: metaOf(owned ?? old)['managedFields'],
  });
  checkFinalizers(old, next, kind);
  validated(next, old, kind, how.subresource === 'status' ? 'status' : 'all');
  const final =
    owned === null
      ? ownByUpdate(old, next, kind, managerOf('Update', how), timeText(world.clock.wallMs()))
      : next;
  if (same(final, old) || how.dryRun) return final;
  const key = keyOf(target.namespace, name);
  if (!isFinished(final)) return world.store.put(storeIdOf(kind), key, final);
  // The write that lets go is not stored: watchers see the last state before it.
  world.store.remove(storeIdOf(kind), key);
  return final;
}

/** Deletion was asked for, no finalizer is left, and no grace runs. */
function isFinished(object: JsonObject): boolean {
  const { deletionTimestamp, finalizers, deletionGracePeriodSeconds } = metaOf(object);
  const isHeld = asList(finalizers).length > 0 || asList(asObject(object['spec'])['finalizers']).length > 0;
  return deletionTimestamp !== undefined && !isHeld && (deletionGracePeriodSeconds ?? 0) === 0;
}

export function checkPreconditions(
  old: JsonObject,
  { uid, resourceVersion }: JsonObject,
  { kind, namespace, name }: Target,
): void {
  if (typeof uid === 'string' && uid !== '' && uid !== uidOf(old)) {
    throw conflict(
      kind,
      name,
      `StorageError: invalid object, Code: 4, Key: /registry/${kind.plural}/${keyOf(namespace, name)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${uidOf(old)}`,
    );
  }
  if (typeof resourceVersion !== 'string' || resourceVersion === '') return;
  if (resourceVersion !== metaOf(old)['resourceVersion']) throw conflict(kind, name, modified);
}

/** The status endpoint writes only status, the main one everything else. */
function partOf(old: JsonObject, sent: JsonObject, kind: Kind, { subresource }: Writing): JsonObject {
  if (subresource === 'status') return withAt({ ...old }, ['status'], sent['status']);
  return kind.hasStatus ? withAt(sent, ['status'], old['status']) : sent;
}

function generationOf(old: JsonObject, next: JsonObject, kind: Kind): Json | undefined {
  if (!kind.hasGeneration) return undefined;
  const generation = Number(metaOf(old)['generation'] ?? 1);
  const content = (object: JsonObject): JsonObject =>
    without(object, 'metadata', 'apiVersion', ...(kind.hasStatus ? ['status'] : []));
  const labelsCount = kind.builtIn && kind.kind === 'EndpointSlice';
  const isSame = !labelsCount || same(metaOf(old)['labels'], metaOf(next)['labels']);
  return isSame && same(content(old), content(next)) ? generation : generation + 1;
}

function checkFinalizers(old: JsonObject, next: JsonObject, kind: Kind): void {
  if (metaOf(old)['deletionTimestamp'] === undefined) return;
  const before = asList(metaOf(old)['finalizers']);
  const added = asList(metaOf(next)['finalizers']).filter((name) => !before.includes(name));
  if (added.length === 0) return;
  const shown = added.map((name) => JSON.stringify(name)).join(', ');
  throw invalid(kind, nameOf(old), [
    fieldForbidden(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${shown}}`,
    ),
  ]);
}

/** `GET|PUT|PATCH …/scale`: the replicas of a workload, whatever its kind. */
export function scaleOf(object: JsonObject, kind: Kind, selector: string): JsonObject {
  const paths = kind.scale;
  if (paths === null) throw notFound(kind, nameOf(object));
  const found = (path: string): Json =>
    path.split('.').reduce<Json>((value, part) => asObject(value)[part] ?? null, object);
  if (!kind.builtIn && found(paths.specReplicas) === null) {
    const message = `the spec replicas field ".${paths.specReplicas}" does not exist`;
    throw internalError(`Internal error occurred: ${message}`, message);
  }
  const read = (path: string): Json => found(path) ?? 0;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metaOf(object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name: name ?? '',
      namespace: namespace ?? '',
      uid: uid ?? '',
      resourceVersion: resourceVersion ?? '',
      creationTimestamp: creationTimestamp ?? null,
    },
    spec: { replicas: read(paths.specReplicas) },
    status: { replicas: read(paths.statusReplicas) ?? 0, ...(selector === '' ? {} : { selector }) },
  };
}

/** Writes `spec.replicas` of a `Scale` into the object. */
export function writeScale(world: World, target: Target, scale: JsonObject, how: Writing): JsonObject {
  const { kind, name } = target;
  const replicas = asObject(scale['spec'])['replicas'];
  if (kind.scale === null || typeof replicas !== 'number')
    throw badRequest('spec.replicas of the Scale must be a number');
  if (replicas < 0) {
    throw kind.builtIn
      ? invalid({ group: 'autoscaling', kind: 'Scale' }, name, [
          fieldInvalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
        ])
      : invalid(kind, name, [
          fieldInvalid(`.${kind.scale.specReplicas}`, replicas, 'should be a non-negative integer'),
        ]);
  }
  const old = inVersion(current(world, target), kind);
  checkPreconditions(old, metaOf(scale), target);
  const object = withAt(old, kind.scale.specReplicas.split('.'), replicas);
  // Of a custom resource nobody comes to own what was scaled.
  return changed(world, target, old, object, how, kind.builtIn ? null : old);
}
