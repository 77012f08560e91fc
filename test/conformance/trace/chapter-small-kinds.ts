import type { Resource } from '../../../src/kube/object.ts';
import { type AnyObject, leases } from '../kube-cluster.ts';
import type { Chapter, Scene } from './scene.ts';

const core = (plural: string, kind: string): Resource => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced: true,
});
const secrets = core('secrets', 'Secret');
const services = core('services', 'Service');
const events = core('events', 'Event');

type Body = Readonly<Record<string, unknown>>;

function made({ namespace }: Scene, { group, version, kind }: Resource, name: string, body: Body): AnyObject {
  const apiVersion = group === '' ? version : `${group}/${version}`;
  return { apiVersion, kind, metadata: { name, namespace }, ...body };
}

/** Secrets, Services, Leases and Events: each with the rules of its own. */
export const smallKindsChapter: Chapter = {
  name: 'small kinds',
  async run(scene) {
    await secret(scene);
    await service(scene);
    await lease(scene);
    await event(scene);
  },
};

async function secret(scene: Scene): Promise<void> {
  const since = await scene.now(secrets);
  const create = (step: string, name: string, body: Body) =>
    scene.create(step, secrets, made(scene, secrets, name, body));
  await create('create a Secret', 'a', { data: { key: 'dmFsdWU=' }, stringData: { text: 'plain' } });
  await create('create a Secret that is not base64', 'b', { data: { key: 'no!' } });
  await create('create a Secret of a type', 'typed', { type: 'example.com/token', data: {} });
  await create('create a Secret for TLS without its keys', 'b', { type: 'kubernetes.io/tls', data: {} });
  await scene.merge('change the type of a Secret', secrets, 'a', { type: 'example.com/other' });
  await scene.merge('add text to a Secret', secrets, 'a', { stringData: { more: 'x' } });
  const where = { namespace: scene.namespace, fieldSelector: 'type=example.com/token' };
  await scene.list('list Secrets of a type', scene.client.list<AnyObject>(secrets, where));
  await scene.events(secrets, since, 'ADDED typed');
}

async function service(scene: Scene): Promise<void> {
  const since = await scene.now(services);
  const create = (step: string, name: string, spec: Body) =>
    scene.create(step, services, made(scene, services, name, { spec }));
  await create('create a Service', 'web', {
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 'http' }],
  });
  await create('create a Service without an address', 'headless', {
    clusterIP: 'None',
    selector: { app: 'web' },
    ports: [{ port: 80 }],
  });
  await create('create a Service of two ports without names', 'b', { ports: [{ port: 80 }, { port: 81 }] });
  await create('create a Service of a port that is none', 'b', { ports: [{ port: 70_000 }] });
  await create('create a Service without ports', 'b', { selector: { app: 'web' } });
  await create('create a Service that is a name', 'alias', { type: 'ExternalName', externalName: 'a.test' });
  await scene.merge('point a Service elsewhere', services, 'web', { spec: { selector: { app: 'other' } } });
  await scene.merge('give a Service another address', services, 'web', {
    spec: { clusterIP: '10.96.200.1' },
  });
  await scene.patch('add a port to a Service', services, 'web', {
    type: 'strategic',
    body: { spec: { ports: [{ name: 'admin', port: 81, protocol: 'TCP' }] } },
  });
  await scene.apply(
    'apply a port of a Service',
    services,
    made(scene, services, 'web', { spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] } }),
    'ports',
  );
  await scene.done('remove a Service', scene.client.remove(services, scene.named(services, 'headless')));
  await create('create the last Service', 'last', { ports: [{ port: 1 }] });
  await scene.events(services, since, 'ADDED last');
}

async function lease(scene: Scene): Promise<void> {
  const since = await scene.now(leases);
  const time = '2001-01-01T00:00:00.000000Z';
  const spec = { holderIdentity: 'one', leaseDurationSeconds: 15, acquireTime: time, renewTime: time };
  const first = await scene.create('create a Lease', leases, made(scene, leases, 'lead', { spec }));
  await scene.replace('renew a Lease', leases, {
    ...first,
    spec: { ...spec, renewTime: '2001-01-01T00:00:02.500000Z', leaseTransitions: 1 },
  });
  await scene.replace('renew a Lease as of before', leases, first);
  await scene.replace(
    'renew a Lease without a resourceVersion',
    leases,
    made(scene, leases, 'lead', { spec }),
  );
  await scene.merge('renew a Lease with whole seconds', leases, 'lead', {
    spec: { renewTime: '2001-01-01T00:00:03Z' },
  });
  await scene.merge('renew a Lease with what is no time', leases, 'lead', { spec: { renewTime: 'now' } });
  await scene.merge('a Lease of no duration', leases, 'lead', { spec: { leaseDurationSeconds: 0 } });
  await scene.merge('a Lease of a fraction', leases, 'lead', { spec: { leaseDurationSeconds: 1.5 } });
  await scene.create('create the last Lease', leases, made(scene, leases, 'last', {}));
  await scene.events(leases, since, 'ADDED last');
}

async function event(scene: Scene): Promise<void> {
  const since = await scene.now(events);
  const about = (namespace: string): Body => ({
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace },
    reason: 'Tested',
    message: 'it was',
    type: 'Normal',
    source: { component: 'trace' },
    firstTimestamp: '2001-01-01T00:00:00Z',
    lastTimestamp: '2001-01-01T00:00:00Z',
    count: 1,
  });
  const one = made(scene, events, 'web.1', about(scene.namespace));
  await scene.create('create an Event', events, one);
  await scene.create('create an Event about another namespace', events, {
    ...made(scene, events, 'web.2', about('default')),
  });
  await scene.merge('count an Event', events, 'web.1', { count: 2, lastTimestamp: '2001-01-01T00:01:00Z' });
  const where = { namespace: scene.namespace, fieldSelector: 'involvedObject.name=web,reason=Tested' };
  await scene.list('list Events of an object', scene.client.list<AnyObject>(events, where));
  await scene.create('create the last Event', events, made(scene, events, 'last', about(scene.namespace)));
  await scene.events(events, since, 'ADDED last');
}
