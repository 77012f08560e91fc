import { compareFields } from './field-compare.ts';
import {
  decodeFields,
  difference,
  emptySet,
  encodeFields,
  type FieldSet,
  intersection,
  isEmpty,
  pathsOf,
  union,
} from './field-set.ts';
import { asList, asObject, asText, type JsonObject, metaOf, same, withMeta, without } from './json.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { StatusError } from './status.ts';

/** One entry of `metadata.managedFields`. */
export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource: string;
}

interface Entry extends Manager {
  readonly apiVersion: string;
  readonly time: string;
  readonly fields: FieldSet;
}

const bookkeeping = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
];

/** What can be owned: all but the type and what the server itself keeps in metadata. */
export function ownable(object: JsonObject): JsonObject {
  const metadata = without(metaOf(object), ...bookkeeping);
  const rest = without(object, 'apiVersion', 'kind', 'metadata');
  return Object.keys(metadata).length === 0 ? rest : { ...rest, metadata };
}

export function entriesOf(object: JsonObject): readonly Entry[] {
  return asList(metaOf(object)['managedFields']).map((json) => {
    const entry = asObject(json);
    return {
      manager: asText(entry['manager']),
      operation: entry['operation'] === 'Apply' ? 'Apply' : 'Update',
      subresource: asText(entry['subresource']),
      apiVersion: asText(entry['apiVersion']),
      time: asText(entry['time']),
      fields: decodeFields(entry['fieldsV1']),
    };
  });
}

export function isBy(entry: Manager, who: Manager): boolean {
  return (
    entry.manager === who.manager &&
    entry.operation === who.operation &&
    entry.subresource === who.subresource
  );
}

/** Writes the entries that own something, in the order of the API server. */
export function withEntries(object: JsonObject, entries: readonly Entry[]): JsonObject {
  const order = (entry: Entry): string =>
    [entry.operation, entry.time, entry.manager, entry.subresource].join('\n');
  const kept = entries
    .filter(({ fields }) => !isEmpty(fields))
    .sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return withMeta(object, {
    managedFields:
      kept.length === 0
        ? undefined
        : kept.map(({ manager, operation, subresource, apiVersion, time, fields }) => ({
            manager,
            operation,
            apiVersion,
            ...(time === '' ? {} : { time }),
            fieldsType: 'FieldsV1',
            fieldsV1: encodeFields(fields),
            ...(subresource === '' ? {} : { subresource }),
          })),
  });
}

/** A create, update or patch: what changed now belongs to whoever changed it, and to nobody else. */
export function ownByUpdate(
  old: JsonObject | null,
  now: JsonObject,
  kind: Kind,
  who: Manager,
  time: string,
): JsonObject {
  // Whoever changes an object that nobody owns anything of does not come to own it.
  if (old !== null && asList(metaOf(old)['managedFields']).length === 0) return now;
  const { changed, removed } = compareFields(ownable(old ?? {}), ownable(now), kind.schema);
  const taken = changed;
  const entries = old === null ? [] : entriesOf(old);
  const others = entries
    .filter((entry) => !isBy(entry, who))
    .map((entry) => ({ ...entry, fields: difference(difference(entry.fields, taken), removed) }));
  const mine = entries.find((entry) => isBy(entry, who));
  const fields = difference(union(mine?.fields ?? emptySet, taken), removed);
  const kept = mine !== undefined && same(encodeFields(mine.fields), encodeFields(fields)) && isEmpty(taken);
  return withEntries(now, [
    ...others,
    { ...who, apiVersion: apiVersionOf(kind), time: kept ? mine.time : time, fields },
  ]);
}

/** An apply: `fields` is all that the applier owns from now on. What others own and it changed is a conflict, or with `force` taken over. */
export function ownByApply(
  live: JsonObject | null,
  merged: JsonObject,
  fields: FieldSet,
  kind: Kind,
  { who, time, force }: { readonly who: Manager; readonly time: string; readonly force: boolean },
): JsonObject {
  const { changed, removed } = compareFields(ownable(live ?? {}), ownable(merged), kind.schema);
  const entries = live === null ? [] : ownersBefore(live, kind, time);
  const others = entries.filter((entry) => !isBy(entry, who));
  const conflicts = others.flatMap((entry) => {
    const fields = intersection(entry.fields, changed);
    return isEmpty(fields) ? [] : pathsOf(fields).map((path) => ({ manager: shown(entry), path }));
  });
  if (conflicts.length > 0 && !force) throw applyConflict(conflicts);
  const mine = entries.find((entry) => isBy(entry, who));
  const isChanged = live === null || !isEmpty(changed) || !isEmpty(removed);
  return withEntries(merged, [
    ...others.map((entry) => ({
      ...entry,
      fields: difference(difference(entry.fields, changed), removed),
    })),
    // The time is of the last apply that changed the object; of one that only came to own something there is none.
    { ...who, apiVersion: apiVersionOf(kind), time: isChanged ? time : (mine?.time ?? ''), fields },
  ]);
}

/** Of an object that nobody owns anything of, the first apply finds an owner of all that is there. */
function ownersBefore(live: JsonObject, kind: Kind, time: string): readonly Entry[] {
  const entries = entriesOf(live);
  if (entries.length > 0) return entries;
  const { changed: fields } = compareFields({}, ownable(live), kind.schema);
  const who = { manager: 'before-first-apply', operation: 'Update', subresource: '' } as const;
  return [{ ...who, apiVersion: apiVersionOf(kind), time, fields }];
}

function shown({ manager, operation, subresource, apiVersion }: Entry): string {
  const name = `${JSON.stringify(manager)}${subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`}`;
  return operation === 'Apply' ? name : `${name} using ${apiVersion}`;
}

function applyConflict(
  conflicts: readonly { readonly manager: string; readonly path: string }[],
): StatusError {
  const managers = [...new Set(conflicts.map(({ manager }) => manager))].sort();
  const [first] = conflicts;
  const text =
    conflicts.length === 1 && first !== undefined
      ? `1 conflict: conflict with ${first.manager}: ${first.path}`
      : `${conflicts.length} conflicts: ${managers
          .flatMap((name) => [
            `conflicts with ${name}:`,
            ...conflicts.filter(({ manager }) => manager === name).map(({ path }) => `- ${path}`),
          ])
          .join('\n')}`;
  return new StatusError({
    code: 409,
    reason: 'Conflict',
    message: `Apply failed with ${text}`,
    details: {
      causes: conflicts.map(({ manager, path }) => ({
        reason: 'FieldManagerConflict',
        message: `conflict with ${manager}`,
        field: path,
      })),
    },
  });
}
