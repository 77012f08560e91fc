import type { Container, Pod } from './pod.ts';

/** One ConfigMap or Secret, its values as bytes; of a token, the one value `token`. */
export type SourceData = Readonly<Record<string, Buffer>>;

export interface SourceName {
  readonly kind: 'configmap' | 'secret' | 'token';
  /** For tokens of the pod's ServiceAccount, their audience; '' is the API server. */
  readonly name: string;
}

/** ConfigMaps and Secrets of the pod's namespace, and its tokens, by `sourceKey`; what does not exist is absent. */
export type Sources = ReadonlyMap<string, SourceData>;

export function sourceKey({ kind, name }: SourceName): string {
  return `${kind} "${name}"`;
}

/** What a container's environment is made of. */
export function sourcesOfEnvironment(container: Container): readonly SourceName[] {
  const names: (SourceName | null)[] = [];
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    names.push(named('configmap', configMapRef?.name), named('secret', secretRef?.name));
  }
  for (const { valueFrom } of container.env ?? []) {
    names.push(named('configmap', valueFrom?.configMapKeyRef?.name));
    names.push(named('secret', valueFrom?.secretKeyRef?.name));
  }
  return names.filter((name) => name !== null);
}

/** What a pod's volumes are made of. */
export function sourcesOfVolumes(pod: Pod): readonly SourceName[] {
  const names: (SourceName | null)[] = [];
  for (const { configMap, secret, projected } of pod.spec.volumes ?? []) {
    names.push(named('configmap', configMap?.name), named('secret', secret?.secretName));
    for (const part of projected?.sources ?? []) {
      names.push(named('configmap', part.configMap?.name), named('secret', part.secret?.name));
      const { serviceAccountToken: token } = part;
      names.push(token === undefined ? null : { kind: 'token', name: token.audience ?? '' });
    }
  }
  return names.filter((name) => name !== null);
}

function named(kind: SourceName['kind'], name: string | undefined): SourceName | null {
  return name === undefined ? null : { kind, name };
}
