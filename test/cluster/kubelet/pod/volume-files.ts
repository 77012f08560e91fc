import type { KeyToPath, ServiceAccountTokenProjection, Volume } from 'kubernetes-types/core/v1.js';
import { fieldValue } from './field-value.ts';
import type { Pod, PodPlace } from './pod.ts';
import { sourceKey, type SourceName, type Sources } from './sources.ts';

/** Contents by path within the volume. */
export type VolumeFiles = ReadonlyMap<string, Buffer>;

export type VolumeResult =
  | { readonly kind: 'files'; readonly files: VolumeFiles }
  /** Mounted when it is there. */
  | { readonly kind: 'missing'; readonly message: string };

interface Selection {
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

/**
 * What is in a volume: ConfigMaps, Secrets, the downward API, tokens, projections of them; `emptyDir` and kinds that are not known here
 * are empty.
 */
export function volumeFiles(volume: Volume, pod: Pod, place: PodPlace, sources: Sources): VolumeResult {
  const files = new Map<string, Buffer>();
  const { configMap, secret, downwardAPI, projected } = volume;
  const parts: readonly (string | null)[] = [
    configMap === undefined ? null : add(files, source('configmap', configMap.name), configMap, sources),
    secret === undefined ? null : add(files, source('secret', secret.secretName), secret, sources),
    downwardAPI === undefined ? null : addFields(files, downwardAPI.items, pod, place),
    ...(projected?.sources ?? []).flatMap((part) => [
      part.configMap === undefined
        ? null
        : add(files, source('configmap', part.configMap.name), part.configMap, sources),
      part.secret === undefined ? null : add(files, source('secret', part.secret.name), part.secret, sources),
      part.downwardAPI === undefined ? null : addFields(files, part.downwardAPI.items, pod, place),
      part.serviceAccountToken === undefined ? null : addToken(files, part.serviceAccountToken, sources),
    ]),
  ];
  const message = parts.find((part) => part !== null);
  return message === undefined || message === null ? { kind: 'files', files } : { kind: 'missing', message };
}

function source(kind: SourceName['kind'], name = ''): SourceName {
  return { kind, name };
}

/** What is missing; null: nothing. */
function add(
  files: Map<string, Buffer>,
  name: SourceName,
  { items, optional = false }: Selection,
  sources: Sources,
): string | null {
  const data = sources.get(sourceKey(name));
  if (data === undefined) return optional ? null : `${sourceKey(name)} not found`;
  if (items === undefined) {
    for (const [key, value] of Object.entries(data)) files.set(key, value);
    return null;
  }
  for (const { key, path } of items) {
    const value = data[key];
    if (value !== undefined) files.set(path, value);
    else if (!optional) return `${sourceKey(name)} references non-existent key: ${key}`;
  }
  return null;
}

function addToken(
  files: Map<string, Buffer>,
  { audience = '', path }: ServiceAccountTokenProjection,
  sources: Sources,
): string | null {
  return add(files, source('token', audience), { items: [{ key: 'token', path }] }, sources);
}

function addFields(
  files: Map<string, Buffer>,
  items: readonly { readonly path: string; readonly fieldRef?: { readonly fieldPath: string } }[] = [],
  pod: Pod,
  place: PodPlace,
): string | null {
  for (const { path, fieldRef } of items) {
    const value = fieldRef === undefined ? '' : fieldValue(fieldRef.fieldPath, pod, place);
    if (value === null) return `unsupported fieldPath: ${fieldRef?.fieldPath ?? ''}`;
    files.set(path, Buffer.from(value));
  }
  return null;
}
