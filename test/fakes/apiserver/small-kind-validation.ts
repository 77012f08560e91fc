import { asList, asObject, asText, at, isObject, type Json, type JsonObject, metaOf, same } from './json.ts';
import type { Kind } from './kinds.ts';
import { type FieldError, fieldForbidden, fieldInvalid, fieldRequired } from './status.ts';

const keyText =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/** ConfigMaps and Secrets. */
export function dataErrors(object: JsonObject, old: JsonObject | null, kind: Kind): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of Object.keys(asObject(object['data']))) {
    if (!/^[-._a-zA-Z0-9]+$/.test(key)) errors.push(fieldInvalid(`data[${key}]`, key, keyText));
  }
  if (kind.kind === 'Secret') errors.push(...secretErrors(object, old));
  if (old === null || old['immutable'] !== true) return errors;
  const why = 'field is immutable when `immutable` is set';
  if (object['immutable'] !== true) errors.push(fieldForbidden('immutable', why));
  if (!same(old['data'], object['data'])) errors.push(fieldForbidden('data', why));
  return errors;
}

function secretErrors(object: JsonObject, old: JsonObject | null): FieldError[] {
  const errors: FieldError[] = [];
  const type = asText(object['type']);
  if (old !== null && asText(old['type']) !== type) {
    errors.push(fieldInvalid('type', type, 'field is immutable'));
  }
  if (type !== 'kubernetes.io/tls') return errors;
  for (const key of ['tls.crt', 'tls.key']) {
    if (at(object, 'data', key) === undefined) errors.push(fieldRequired(`data[${key}]`));
  }
  return errors;
}

export function serviceErrors(spec: JsonObject, old: JsonObject | null): FieldError[] {
  const ports = asList(spec['ports']).map(asObject);
  const errors: FieldError[] = [];
  if (ports.length === 0 && spec['clusterIP'] !== 'None' && spec['type'] !== 'ExternalName')
    errors.push(fieldRequired('spec.ports'));
  for (const [index, port] of ports.entries()) {
    const path = `spec.ports[${index}]`;
    if (ports.length > 1 && asText(port['name']) === '') errors.push(fieldRequired(`${path}.name`));
    for (const field of ['port', 'targetPort']) {
      if (isNoPort(port[field])) {
        errors.push(fieldInvalid(`${path}.${field}`, port[field], 'must be between 1 and 65535, inclusive'));
      }
    }
  }
  const before = asText(old?.['clusterIP']);
  if (before !== '' && before !== asText(spec['clusterIP']) && spec['type'] !== 'ExternalName') {
    errors.push(fieldInvalid('spec.clusterIPs[0]', [asText(spec['clusterIP'])], 'may not change once set'));
  }
  return errors;
}

function isNoPort(port: Json | undefined): boolean {
  return typeof port === 'number' && (port < 1 || port > 65_535);
}

/** Of the core group. */
export function eventErrors(event: JsonObject): FieldError[] {
  const { involvedObject } = event;
  const about = asText(at(involvedObject, 'namespace'));
  if (!isObject(involvedObject) || about === '' || about === metaOf(event)['namespace']) return [];
  return [fieldInvalid('involvedObject.namespace', about, 'does not match event.namespace')];
}
