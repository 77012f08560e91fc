import type { KubeClient } from '../../../src/kube/client.ts';
import { isKubeError } from '../../../src/kube/kube-error.ts';
import type { KubeObject, Resource } from '../../../src/kube/object.ts';
import { type SourceData, sourceKey, type SourceName, type Sources } from './pod/sources.ts';

const resources: Readonly<Record<SourceName['kind'], Resource>> = {
  configmap: { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true },
  secret: { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true },
};

interface Source extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** The ConfigMaps and Secrets of these names that exist. Rejects with what the server says otherwise. */
export async function readSources(
  client: KubeClient,
  namespace: string,
  names: readonly SourceName[],
): Promise<Sources> {
  const distinct = new Map(names.map((name) => [sourceKey(name), name]));
  const read = await Promise.all(
    [...distinct].map(async ([key, { kind, name }]) => {
      try {
        const object = await client.get<Source>(resources[kind], { namespace, name });
        return [[key, dataOf(kind, object)] as const];
      } catch (thrown) {
        if (isKubeError(thrown, 'NotFound')) return [];
        throw thrown;
      }
    }),
  );
  return new Map(read.flat());
}

function dataOf(kind: SourceName['kind'], { data = {}, binaryData = {} }: Source): SourceData {
  const texts = Object.entries(data).map(([key, value]) => [
    key,
    Buffer.from(value, kind === 'secret' ? 'base64' : 'utf8'),
  ]);
  const binaries = Object.entries(binaryData).map(([key, value]) => [key, Buffer.from(value, 'base64')]);
  return Object.fromEntries([...texts, ...binaries]) as SourceData;
}
