import type { EnvVar, EnvVarSource } from 'kubernetes-types/core/v1.js';
import { fieldValue } from './field-value.ts';
import type { Container, Pod, PodPlace } from './pod.ts';
import { sourceKey, type SourceName, type Sources } from './sources.ts';

export type Environment = Readonly<Record<string, string>>;

/** `missing`: the container cannot be made yet (`CreateContainerConfigError`), in the kubelet's words. */
export type EnvironmentResult =
  | { readonly kind: 'resolved'; readonly environment: Environment }
  | { readonly kind: 'missing'; readonly message: string };

interface Missing {
  readonly missing: string;
}

/** The container's own variables: `envFrom`, then `env` in order, each of which may name those before it as `$(NAME)`. */
export function environmentOf(
  container: Container,
  pod: Pod,
  place: PodPlace,
  sources: Sources,
): EnvironmentResult {
  const environment: Record<string, string> = {};
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    for (const [kind, ref] of [['configmap', configMapRef] as const, ['secret', secretRef] as const]) {
      if (ref?.name === undefined) continue;
      const data = sources.get(sourceKey({ kind, name: ref.name }));
      if (data === undefined && ref.optional !== true) return notFound({ kind, name: ref.name });
      for (const [key, value] of Object.entries(data ?? {})) environment[prefix + key] = value.toString();
    }
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(variable, environment, { container, pod, place, sources });
    if (typeof value === 'string') environment[variable.name] = value;
    else if (value !== null) return { kind: 'missing', message: value.missing };
  }
  return { kind: 'resolved', environment };
}

interface Around {
  readonly container: Container;
  readonly pod: Pod;
  readonly place: PodPlace;
  readonly sources: Sources;
}

/** Null: optional and absent. */
function valueOf(variable: EnvVar, before: Environment, around: Around): string | null | Missing {
  const { valueFrom } = variable;
  if (valueFrom === undefined) return expand(variable.value ?? '', before);
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef !== undefined) {
    const value = fieldValue(fieldRef.fieldPath, around.pod, around.place);
    return value ?? { missing: `unsupported fieldPath: ${fieldRef.fieldPath}` };
  }
  if (configMapKeyRef !== undefined) return keyOf('configmap', configMapKeyRef, around);
  if (secretKeyRef !== undefined) return keyOf('secret', secretKeyRef, around);
  return resourceFieldRef === undefined ? '' : resourceValue(resourceFieldRef.resource, around.container);
}

function keyOf(
  kind: SourceName['kind'],
  { name = '', key, optional }: NonNullable<EnvVarSource['configMapKeyRef']>,
  { pod, sources }: Around,
): string | null | Missing {
  const data = sources.get(sourceKey({ kind, name }));
  const value = data?.[key];
  if (value !== undefined) return value.toString();
  if (optional === true) return null;
  if (data === undefined) return { missing: `${sourceKey({ kind, name })} not found` };
  const what = kind === 'configmap' ? 'ConfigMap' : 'Secret';
  return { missing: `couldn't find key ${key} in ${what} ${pod.metadata.namespace ?? ''}/${name}` };
}

/** `limits.cpu`, `requests.memory`, as they are written; unset ones are 0. */
function resourceValue(path: string, { resources }: Container): string {
  const [which, name = ''] = path.split('.');
  const quantities: Readonly<Record<string, unknown>> | undefined =
    which === 'limits' ? resources?.limits : resources?.requests;
  const quantity = quantities?.[name];
  return typeof quantity === 'string' ? quantity : '0';
}

function notFound(source: SourceName): EnvironmentResult {
  return { kind: 'missing', message: `${sourceKey(source)} not found` };
}

/** `$(NAME)` of a variable that is known, `$$` for one dollar; everything else stays as it is. */
export function expand(text: string, environment: Environment): string {
  return text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (environment[name] ?? whole),
  );
}
