import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { anySchema, type Schema } from './schema.ts';

/**
 * Schemas of the built-in kinds, read from the declarations of `kubernetes-types`, which are generated from the API's own OpenAPI
 * document and are of one simple form. What they do not say (how lists merge, which structs are always there) stands here, after the
 * markers in Kubernetes' `types.go`.
 */

/** Keys of associative lists, by `<interface>.<field>`. */
const listKeys: Readonly<Record<string, readonly string[]>> = {
  'ObjectMeta.ownerReferences': ['uid'],
  'PodSpec.containers': ['name'],
  'PodSpec.initContainers': ['name'],
  'PodSpec.ephemeralContainers': ['name'],
  'PodSpec.volumes': ['name'],
  'PodSpec.imagePullSecrets': ['name'],
  'PodSpec.hostAliases': ['ip'],
  'PodSpec.topologySpreadConstraints': ['topologyKey', 'whenUnsatisfiable'],
  'Container.ports': ['containerPort', 'protocol'],
  'Container.env': ['name'],
  'Container.volumeMounts': ['mountPath'],
  'Container.volumeDevices': ['devicePath'],
  'PodStatus.podIPs': ['ip'],
  'PodStatus.hostIPs': ['ip'],
  'ServiceSpec.ports': ['port', 'protocol'],
  'ServiceAccount.secrets': ['name'],
  'NodeStatus.addresses': ['type'],
};
const atomicFields = ['ServiceSpec.selector', 'PodSpec.nodeSelector'];
const sets = ['ObjectMeta.finalizers', 'NodeSpec.podCIDRs'];
const atomicMaps = [
  'LabelSelector',
  'ObjectReference',
  'LocalObjectReference',
  'TypedLocalObjectReference',
  'SecretKeySelector',
  'ConfigMapKeySelector',
  'ObjectFieldSelector',
  'ResourceFieldSelector',
  'NodeSelector',
  'NodeSelectorTerm',
  'OwnerReference',
  'SecretReference',
];
/** Fields whose struct in Go is no pointer. */
const alwaysThere = [
  'scaleTargetRef',
  'metadata',
  'spec',
  'status',
  'template',
  'strategy',
  'updateStrategy',
  'resources',
  'loadBalancer',
  'source',
  'names',
  'acceptedNames',
];
const anyTypes = ['RawExtension', 'FieldsV1', 'JSON', 'JSONSchemaProps', 'CustomResourceValidation'];

const folder = dirname(createRequire(import.meta.url).resolve('kubernetes-types/package.json'));

interface Module {
  /** Body of each interface. */
  readonly interfaces: ReadonlyMap<string, string>;
  /** Imported name → module path below the package. */
  readonly imports: ReadonlyMap<string, string>;
}

const modules = new Map<string, Module>();
const schemas = new Map<string, Schema>();

function moduleOf(path: string): Module {
  const known = modules.get(path);
  if (known !== undefined) return known;
  const text = readFileSync(join(folder, `${path}.d.ts`), 'utf8');
  const imports = new Map<string, string>();
  for (const [, names = '', from = ''] of text.matchAll(/^import \{ ([^}]+) \} from "([^"]+)"/gm)) {
    for (const name of names.split(', ')) imports.set(name, join(dirname(path), from));
  }
  const interfaces = new Map<string, string>();
  for (const [, name = '', body = ''] of text.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm))
    interfaces.set(name, body);
  const read = { interfaces, imports };
  modules.set(path, read);
  return read;
}

/** `builtInSchema('apps/v1', 'Deployment')`. */
export function builtInSchema(path: string, name: string): Schema {
  const key = `${path}.${name}`;
  const known = schemas.get(key);
  if (known !== undefined) return known;
  const body = moduleOf(path).interfaces.get(name);
  if (body === undefined) return { ...anySchema, type: 'object' };
  const properties = new Map<string, Schema>();
  for (const [, field = '', type = ''] of body.matchAll(
    /^ {4}(?:readonly )?"?([\w$-]+)"?\??: ((?:\{[\s\S]*?\n {4}\})|[^\n]*);/gm,
  )) {
    properties.set(field, fieldSchema(path, name, field, type));
  }
  const schema: Schema = {
    ...anySchema,
    type: 'object',
    properties,
    nullable: false,
    preserveUnknown: false,
    atomicMap: atomicMaps.includes(name),
  };
  schemas.set(key, schema);
  return schema;
}

function fieldSchema(path: string, owner: string, field: string, type: string): Schema {
  const of = typeSchema(path, type);
  if (of.type === 'array') {
    const keys =
      field === 'conditions' && owner.endsWith('Status') ? ['type'] : listKeys[`${owner}.${field}`];
    if (sets.includes(`${owner}.${field}`)) return { ...of, list: { kind: 'set' } };
    return keys === undefined ? of : { ...of, list: { kind: 'map', keys }, always: field === 'containers' };
  }
  if (field === 'protocol' && (owner === 'ContainerPort' || owner === 'ServicePort'))
    return { ...of, default: 'TCP' };
  // No pointer, and of no `omitempty`: it is null where there is none.
  if (field === 'eventTime') return { ...of, nullable: true };
  if (atomicFields.includes(`${owner}.${field}`)) return { ...of, atomicMap: true };
  return of.type === 'object' && alwaysThere.includes(field) && of.additional === null
    ? { ...of, always: true }
    : of;
}

function scalar(type: Schema['type'], more: Partial<Schema> = {}): Schema {
  return { ...anySchema, type, nullable: false, preserveUnknown: false, ...more };
}

function typeSchema(path: string, type: string): Schema {
  const list = /^Array<(.+)>$/.exec(type)?.[1];
  if (list !== undefined) return scalar('array', { items: typeSchema(path, list) });
  const map = /^\{\s*\[name: string\]: ([^;]+);/.exec(type)?.[1];
  if (map !== undefined) return scalar('object', { additional: typeSchema(path, map) });
  if (type === 'string' || type.startsWith('"')) return scalar('string');
  if (type === 'boolean') return scalar('boolean');
  if (type === 'number') return scalar('number');
  if (type === 'number | string') return { ...anySchema, intOrString: true, nullable: false };
  if (type === 'Time') return scalar('string', { format: 'seconds' });
  if (type === 'MicroTime') return scalar('string', { format: 'micro' });
  if (type === 'Quantity') return { ...anySchema, nullable: false, format: 'quantity' };
  if (anyTypes.includes(type) || !/^\w+$/.test(type)) return anySchema;
  return builtInSchema(moduleOf(path).imports.get(type) ?? path, type);
}
