import { builtInSchema } from './builtin-schema.ts';
import { compileError } from './cel.ts';
import { asList, asObject, asText, at, isObject, type Json, type JsonObject, nameOf, same } from './json.ts';
import type { Kind } from './kinds.ts';
import { anySchema, readSchema, type Schema } from './schema.ts';
import { type FieldError, fieldForbidden, fieldInvalid, fieldRequired } from './status.ts';

/** The kinds that an established CRD serves, one a version. */
export function kindsOfCrd(crd: JsonObject): readonly Kind[] {
  const spec = asObject(crd['spec']);
  const names = asObject(spec['names']);
  return asList(spec['versions'])
    .map(asObject)
    .filter((version) => version['served'] === true)
    .map((version) => {
      const schema = readSchema(asObject(at(version, 'schema', 'openAPIV3Schema')));
      return {
        group: asText(spec['group']),
        version: asText(version['name']),
        plural: asText(names['plural']),
        kind: asText(names['kind']),
        namespaced: spec['scope'] === 'Namespaced',
        shortNames: asList(names['shortNames']).map(asText),
        schema: withObjectFields(schema),
        hasStatus: at(version, 'subresources', 'status') !== undefined,
        scale: scaleOf(at(version, 'subresources', 'scale')),
        hasGeneration: true,
        unconditionalUpdate: false,
        builtIn: false,
        selectable: asList(version['selectableFields']).map((field) =>
          asText(at(field, 'jsonPath')).replace(/^\./, ''),
        ),
      };
    });
}

/** The version that objects are stored in. */
export function storageVersion(crd: JsonObject): string {
  return asText(at(storageVersions(crd)[0] ?? null, 'name'));
}

function storageVersions(crd: JsonObject): readonly Json[] {
  return asList(at(crd, 'spec', 'versions')).filter((version) => at(version, 'storage') === true);
}

function scaleOf(scale: Json | undefined): Kind['scale'] {
  if (!isObject(scale)) return null;
  const path = (name: string): string => asText(scale[name]).replace(/^\./, '');
  return {
    specReplicas: path('specReplicasPath'),
    statusReplicas: path('statusReplicasPath'),
    selector: path('labelSelectorPath'),
  };
}

const text: Schema = { ...anySchema, type: 'string', preserveUnknown: false };

/** What every object has, whatever its schema says. The types of metadata are those of the built-in kinds. */
function withObjectFields(schema: Schema): Schema {
  const metadata = builtInSchema('meta/v1', 'ObjectMeta');
  return {
    ...schema,
    properties: new Map([...schema.properties, ['apiVersion', text], ['kind', text], ['metadata', metadata]]),
  };
}

/** What is wrong with a CRD: names, versions, and schemas that are not structural. */
export function crdErrors(crd: JsonObject): FieldError[] {
  const spec = asObject(crd['spec']);
  const errors: FieldError[] = [];
  const expected = `${asText(at(spec, 'names', 'plural'))}.${asText(spec['group'])}`;
  if (nameOf(crd) !== expected) {
    errors.push(fieldInvalid('metadata.name', nameOf(crd), `must be spec.names.plural+"."+spec.group`));
  }
  if (!['Namespaced', 'Cluster'].includes(asText(spec['scope']))) errors.push(fieldRequired('spec.scope'));
  const versions = asList(spec['versions']).map(asObject);
  if (storageVersions(crd).length !== 1) {
    errors.push(
      fieldInvalid(
        'spec.versions',
        versions.map((version) => asText(version['name'])),
        'must have exactly one version marked as storage version',
      ),
    );
  }
  // One schema of all versions is kept, and named, once.
  const isShared = versions.every(({ schema }) => same(schema, versions[0]?.['schema']));
  for (const [index, version] of versions.entries()) {
    const path = isShared
      ? 'spec.validation.openAPIV3Schema'
      : `spec.versions[${index}].schema.openAPIV3Schema`;
    if (isShared && index > 0) continue;
    const schema = at(version, 'schema', 'openAPIV3Schema');
    if (!isObject(schema)) errors.push(fieldRequired(path, 'schemas are required'));
    else errors.push(...structuralErrors(schema, path, true));
  }
  return errors;
}

function structuralErrors(schema: JsonObject, path: string, isRoot: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const hasType =
    asText(schema['type']) !== '' ||
    schema['x-kubernetes-int-or-string'] === true ||
    schema['x-kubernetes-preserve-unknown-fields'] === true;
  const where = isRoot ? 'at the root' : 'for specified object fields';
  if (!hasType) errors.push(fieldRequired(`${path}.type`, `must not be empty ${where}`));
  else if (isRoot && schema['type'] !== 'object')
    errors.push(fieldInvalid(`${path}.type`, schema['type'] ?? '', 'must be object at the root'));
  if (schema['uniqueItems'] === true)
    errors.push(
      fieldForbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  if (schema['$ref'] !== undefined) errors.push(fieldForbidden(`${path}.$ref`, 'must not be set'));
  if (isObject(schema['properties']) && schema['additionalProperties'] !== undefined) {
    errors.push(
      fieldForbidden(
        `${path}.additionalProperties`,
        'additionalProperties and properties are mutual exclusive',
      ),
    );
  }
  for (const [index, rule] of asList(schema['x-kubernetes-validations']).entries()) {
    const why = compileError(asText(at(rule, 'rule')));
    if (why !== null)
      errors.push(
        fieldInvalid(
          `${path}.x-kubernetes-validations[${index}].rule`,
          {
            Rule: asText(at(rule, 'rule')),
            Message: asText(at(rule, 'message')),
            MessageExpression: asText(at(rule, 'messageExpression')),
            Reason: at(rule, 'reason') ?? null,
            FieldPath: asText(at(rule, 'fieldPath')),
            OptionalOldSelf: at(rule, 'optionalOldSelf') ?? null,
          },
          `compilation failed: ${why}`,
        ),
      );
  }
  for (const [name, value] of Object.entries(asObject(schema['properties']))) {
    if (isRoot && ['apiVersion', 'kind', 'metadata'].includes(name)) continue;
    errors.push(...structuralErrors(asObject(value), `${path}.properties[${name}]`, false));
  }
  if (isObject(schema['items'])) errors.push(...structuralErrors(schema['items'], `${path}.items`, false));
  if (isObject(schema['additionalProperties'])) {
    errors.push(...structuralErrors(schema['additionalProperties'], `${path}.additionalProperties`, false));
  }
  return errors;
}
