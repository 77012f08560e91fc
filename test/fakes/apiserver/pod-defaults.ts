import { asList, asObject, at, isObject, type JsonObject, withAt } from './json.ts';

/** Defaults of a pod's spec, in a pod or a template. */
export function podSpecDefaults(spec: JsonObject): JsonObject {
  const each = (name: string, fill: (one: JsonObject) => JsonObject): JsonObject =>
    spec[name] === undefined ? {} : { [name]: asList(spec[name]).map((one) => fill(asObject(one))) };
  return {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    terminationGracePeriodSeconds: 30,
    schedulerName: 'default-scheduler',
    securityContext: {},
    ...spec,
    ...each('containers', container),
    ...each('initContainers', container),
    ...each('volumes', volume),
  };
}

const probes = ['readinessProbe', 'livenessProbe', 'startupProbe'];

function container(one: JsonObject): JsonObject {
  const image = typeof one['image'] === 'string' ? one['image'] : '';
  const isLatest = !/:[^/]+$/.test(image) || image.endsWith(':latest');
  return {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: isLatest ? 'Always' : 'IfNotPresent',
    resources: {},
    ...Object.fromEntries(
      Object.entries(one).map(([name, value]) => {
        if (probes.includes(name)) return [name, probe(asObject(value))];
        return [name, name === 'env' ? asList(value).map((given) => variable(asObject(given))) : value];
      }),
    ),
  };
}

function probe(given: JsonObject): JsonObject {
  const { httpGet } = given;
  return {
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
    ...given,
    ...(isObject(httpGet) ? { httpGet: { scheme: 'HTTP', ...httpGet } } : {}),
  };
}

function variable(given: JsonObject): JsonObject {
  const fieldRef = at(given, 'valueFrom', 'fieldRef');
  return isObject(fieldRef)
    ? withAt(given, ['valueFrom', 'fieldRef'], { apiVersion: 'v1', ...fieldRef })
    : given;
}

const filesOf = ['configMap', 'secret', 'projected', 'downwardAPI'];

function volume(given: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(given).map(([name, source]) => [
      name,
      filesOf.includes(name) ? { defaultMode: 0o644, ...asObject(source) } : source,
    ]),
  );
}
