import type { KubeObject, ObjectList, Resource } from '../object.ts';
import { apiVersionOf } from '../object.ts';

export type JsonRecord = Readonly<Record<string, unknown>>;

export function recordOf(value: unknown): JsonRecord | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : null;
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** What every object has; its other fields are the server's word. */
export function isKubeObject(value: unknown): value is KubeObject {
  const record = recordOf(value);
  return (
    record !== null &&
    typeof record['apiVersion'] === 'string' &&
    typeof record['kind'] === 'string' &&
    recordOf(record['metadata']) !== null
  );
}

/**
 * Null where it is no list. Items of the built-in kinds come without apiVersion and kind, since the list's say them; they are added here,
 * as client-go's decoder does for typed lists.
 */
export function listOf<Item extends KubeObject>(resource: Resource, value: unknown): ObjectList<Item> | null {
  const list = recordOf(value);
  const metadata = recordOf(list?.['metadata']);
  const items = list?.['items'] ?? [];
  if (metadata === null || typeof metadata['resourceVersion'] !== 'string' || !Array.isArray(items))
    return null;
  const apiVersion = apiVersionOf(resource);
  for (const item of items as Record<string, unknown>[]) {
    if (recordOf(item?.['metadata']) === null) return null;
    item['apiVersion'] ??= apiVersion;
    item['kind'] ??= resource.kind;
  }
  return { metadata: metadata as unknown as ObjectList<Item>['metadata'], items: items as Item[] };
}
