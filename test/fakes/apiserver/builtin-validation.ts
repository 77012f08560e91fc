import { crdErrors } from './custom-kinds.ts';
import {
  asList,
  asObject,
  asText,
  at,
  isObject,
  type Json,
  type JsonObject,
  metaOf,
  nameOf,
  same,
} from './json.ts';
import { dataErrors, eventErrors, serviceErrors } from './small-kind-validation.ts';
import type { Kind } from './kinds.ts';
import { selectorMatcher } from './selectors.ts';
import {
  type FieldError,
  fieldDuplicate,
  fieldForbidden,
  fieldInvalid,
  fieldNotSupported,
  fieldRequired,
} from './status.ts';

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const qualifiedName = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const qualifiedNameText =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelValueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** Names, labels, owners: what holds for objects of every kind. */
export function metadataErrors(object: JsonObject, kind: Kind): FieldError[] {
  const errors: FieldError[] = [];
  const name = nameOf(object);
  const wantsLabel = ['Namespace', 'Service'].includes(kind.kind) && kind.builtIn;
  if (name === '') errors.push(fieldRequired('metadata.name', 'name or generateName is required'));
  else if (!(wantsLabel ? label : subdomain).test(name))
    errors.push(fieldInvalid('metadata.name', name, wantsLabel ? labelText : subdomainText));
  else if (name.length > (wantsLabel ? 63 : 253))
    errors.push(fieldInvalid('metadata.name', name, `must be no more than ${wantsLabel ? 63 : 253} bytes`));
  for (const [key, value] of Object.entries(asObject(metaOf(object)['labels']))) {
    if (!qualifiedName.test(key)) errors.push(fieldInvalid('metadata.labels', key, qualifiedNameText));
    if (!/^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(asText(value)) || asText(value).length > 63) {
      errors.push(fieldInvalid('metadata.labels', value, labelValueText));
    }
  }
  for (const [index, finalizer] of asList(metaOf(object)['finalizers']).entries()) {
    const known = ['orphan', 'foregroundDeletion', 'kubernetes'].includes(asText(finalizer));
    if (!known && !asText(finalizer).includes('/')) {
      const why = 'name is neither a standard finalizer name nor is it fully qualified';
      errors.push(fieldInvalid(`metadata.finalizers[${index}]`, finalizer, why));
    }
  }
  for (const [index, owner] of asList(metaOf(object)['ownerReferences']).entries()) {
    for (const field of ['apiVersion', 'kind', 'name', 'uid']) {
      if (asText(at(owner, field)) === '')
        errors.push(fieldInvalid(`metadata.ownerReferences[${index}].${field}`, '', 'must not be empty'));
    }
  }
  return errors;
}

/** The validation of built-in kinds that users run into most. */
export function builtInErrors(object: JsonObject, old: JsonObject | null, kind: Kind): FieldError[] {
  const spec = asObject(object['spec']);
  switch (kind.kind) {
    case 'Deployment':
    case 'ReplicaSet':
      return workloadErrors(spec, old === null ? null : asObject(old['spec']), kind);
    case 'Pod':
      return [...podErrors(spec, 'spec'), ...restartErrors(spec), ...podUpdateErrors(spec, old)];
    case 'Service':
      return serviceErrors(spec, old === null ? null : asObject(old['spec']));
    case 'Event':
      return eventErrors(object);
    case 'Lease':
      return leaseErrors(spec);
    case 'CustomResourceDefinition':
      return crdErrors(object);
    case 'ConfigMap':
    case 'Secret':
      return dataErrors(object, old, kind);
    default:
      return [];
  }
}

/** Of the status of a Deployment. */
export function statusErrors(object: JsonObject, kind: Kind): FieldError[] {
  if (kind.kind !== 'Deployment') return [];
  const status = asObject(object['status']);
  const count = (name: string): number => Number(status[name] ?? 0);
  const counts = ['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas'];
  const errors = counts
    .filter((name) => count(name) < 0)
    .map((name) => fieldInvalid(`status.${name}`, count(name), 'must be greater than or equal to 0'));
  const beyond = (name: string, most: string): void => {
    if (count(name) <= count(most)) return;
    errors.push(
      fieldInvalid(
        `status.${name}`,
        count(name),
        `cannot be greater than ${most === 'replicas' ? 'status.replicas' : most}`,
      ),
    );
  };
  beyond('updatedReplicas', 'replicas');
  beyond('readyReplicas', 'replicas');
  beyond('availableReplicas', 'replicas');
  beyond('availableReplicas', 'readyReplicas');
  return errors;
}

function workloadErrors(spec: JsonObject, old: JsonObject | null, kind: Kind): FieldError[] {
  const errors: FieldError[] = [];
  const { selector, replicas } = spec;
  if (typeof replicas === 'number' && replicas < 0) {
    errors.push(fieldInvalid('spec.replicas', replicas, 'must be greater than or equal to 0'));
  }
  if (!isObject(selector)) errors.push(fieldRequired('spec.selector'));
  else if (Object.keys(selector).length === 0) {
    const why = `empty selector is invalid for ${kind.kind.toLowerCase()}`;
    errors.push(fieldInvalid('spec.selector', selector, why));
  }
  const template = metaOf(asObject(spec['template']));
  if (!isObject(selector) || !selectorMatcher(selector)({ metadata: template })) {
    const why = '`selector` does not match template `labels`';
    errors.push(fieldInvalid('spec.template.metadata.labels', template['labels'], why));
  }
  if (old !== null && !same(old['selector'], selector)) {
    errors.push(fieldInvalid('spec.selector', selector, 'field is immutable'));
  }
  const strategy = at(spec, 'strategy', 'type');
  if (strategy !== undefined && strategy !== 'Recreate' && strategy !== 'RollingUpdate') {
    const shown = { Type: strategy, RollingUpdate: null };
    errors.push(fieldNotSupported('spec.strategy', shown, ['Recreate', 'RollingUpdate']));
  }
  return [...errors, ...podErrors(asObject(at(spec, 'template', 'spec')), 'spec.template.spec')];
}

function podErrors(spec: JsonObject, path: string): FieldError[] {
  const containers = asList(spec['containers']);
  const errors: FieldError[] = containers.length === 0 ? [fieldRequired(`${path}.containers`)] : [];
  const names = new Set<string>();
  for (const [index, container] of containers.entries()) {
    const name = asText(at(container, 'name'));
    if (name === '') errors.push(fieldRequired(`${path}.containers[${index}].name`));
    else if (!label.test(name))
      errors.push(fieldInvalid(`${path}.containers[${index}].name`, name, labelText));
    else if (names.has(name)) errors.push(fieldDuplicate(`${path}.containers[${index}].name`, name));
    if (asText(at(container, 'image')) === '' && path !== 'spec')
      errors.push(fieldRequired(`${path}.containers[${index}].image`));
    names.add(name);
  }
  return errors;
}

function restartErrors({ restartPolicy }: JsonObject): FieldError[] {
  const policies = ['Always', 'OnFailure', 'Never'];
  return policies.includes(asText(restartPolicy))
    ? []
    : [fieldNotSupported('spec.restartPolicy', restartPolicy ?? '', policies)];
}

/** Of a pod's spec only images, tolerations, deadlines and the node may change. */
function podUpdateErrors(spec: JsonObject, old: JsonObject | null): FieldError[] {
  if (old === null) return [];
  const fixed = (value: JsonObject): Json => {
    const {
      containers,
      nodeName: _node,
      tolerations: _tolerations,
      activeDeadlineSeconds: _deadline,
      ...rest
    } = value;
    return { ...rest, containers: asList(containers).map((one) => ({ ...asObject(one), image: '' })) };
  };
  const before = asObject(old['spec']);
  if (before['nodeName'] === spec['nodeName'] && same(fixed(before), fixed(spec))) return [];
  return [
    fieldForbidden(
      'spec',
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    ),
  ];
}

function leaseErrors(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const { leaseDurationSeconds, leaseTransitions } = spec;
  if (typeof leaseDurationSeconds === 'number' && leaseDurationSeconds <= 0)
    errors.push(fieldInvalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'));
  if (typeof leaseTransitions === 'number' && leaseTransitions < 0)
    errors.push(
      fieldInvalid('spec.leaseTransitions', leaseTransitions, 'must be greater than or equal to 0'),
    );
  return errors;
}
