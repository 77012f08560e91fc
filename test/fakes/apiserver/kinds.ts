import type { Json, JsonObject } from './json.ts';
import type { Schema } from './schema.ts';

/** A kind of object in one version, as it is served. */
export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly schema: Schema;
  /** Status is written only through its subresource. */
  readonly hasStatus: boolean;
  readonly scale: ScalePaths | null;
  /** `metadata.generation` is kept, and counts changes of what is neither metadata nor status. */
  readonly hasGeneration: boolean;
  /** PUT without resourceVersion overwrites what is there. */
  readonly unconditionalUpdate: boolean;
  /** Strategic merge patches are known. */
  readonly builtIn: boolean;
  /** Fields besides `metadata.name` and `metadata.namespace` that can be selected by. */
  readonly selectable: readonly string[];
}

/** Dotted paths without a leading dot. */
export interface ScalePaths {
  readonly specReplicas: string;
  readonly statusReplicas: string;
  readonly selector: string;
}

/** Objects of one kind are stored together whatever their version. */
export function storeIdOf(kind: Pick<Kind, 'group' | 'plural'>): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}

export function apiVersionOf({ group, version }: Pick<Kind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Conversion `None`: only the apiVersion differs between versions. */
export function inVersion(object: JsonObject, kind: Kind): JsonObject {
  const apiVersion: Json = apiVersionOf(kind);
  return object['apiVersion'] === apiVersion ? object : { ...object, apiVersion };
}
