import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../cluster/eventually.ts';
import { type AnyObject, as, configMap, configMaps } from '../conformance/kube-cluster.ts';
import { type ApiServerOptions, FakeApiServer } from '../fakes/apiserver/api-server.ts';
import { clusterConfigOf } from '../fakes/apiserver/cluster-config.ts';
import type { ApiRequest } from '../fakes/apiserver/request.ts';
import { type ServedApi, serve } from '../fakes/apiserver/serve.ts';
import { connectionLaws } from './connection-laws.ts';
import { FaultScene } from './fault-scene.ts';
import { objectLaws } from './object-laws.ts';

let scene: FaultScene;
let served: ServedApi;
let api: FakeApiServer;

async function open(namespace: string, options: ApiServerOptions = {}, token?: string): Promise<FaultScene> {
  api = new FakeApiServer(options);
  served = await serve(api);
  if (token !== undefined) api.access.grant(token, { name: 'admin' });
  scene = await FaultScene.open(clusterConfigOf(served.url, token), namespace);
  return scene;
}
afterEach(async () => {
  await scene.close();
  await served.close();
});

const isWatch = ({ url }: ApiRequest): boolean => url.includes('watch=true');

describe('on the fake, over HTTP', () => {
  connectionLaws((namespace) => open(namespace));
  objectLaws((namespace) => open(namespace));

  test('a watch cache of three changes: what is missed is listed, again and again', async () => {
    const { churn, proxy, clock } = await open('small-cache', { windowEvents: 3 });
    const witness = scene.witness();
    await churn.steps(5);
    await scene.hasAll(witness);
    for (let round = 0; round < 3; round += 1) {
      proxy.weather = { kind: 'refuse' };
      proxy.reset();
      await churn.steps(10);
      proxy.weather = { kind: 'fair' };
      clock.forward(31_000);
      await scene.hasAll(witness);
    }
    expect(witness.reasons).toContain('Expired');
    expect(witness.runs.length).toBe(4);
  });

  test('a compaction and an end of all watches: listed anew', async () => {
    const { churn } = await open('compacted');
    const witness = scene.witness();
    for (let round = 0; round < 2; round += 1) {
      await churn.steps(8);
      await scene.hasAll(witness);
      scene.proxy.reset();
      api.compact();
      await churn.steps(3);
      api.compact();
    }
    await scene.hasAll(witness);
    expect(witness.runs.length).toBeGreaterThan(2);
  });

  test('lines that are cut, garbled, too long, no UTF-8: read again from before them, and nothing is passed over', async () => {
    const { churn } = await open('lines');
    const client = scene.client(undefined, { maxLineBytes: 10_000 });
    const witness = scene.witness(client);
    await churn.steps(5);
    await scene.hasAll(witness);
    for (const line of [
      '{"type":"ADDED","obj',
      `{"type":"ADDED","object":"${'x'.repeat(20_000)}"}`,
      '\ud800',
    ])
      api.faults.add({ kind: 'garble', afterLines: 2, line: `${line}\n` }, isWatch, 2);
    api.faults.add({ kind: 'cut', afterLines: 1 }, isWatch, 4);
    api.faults.add({ kind: 'break', afterLines: 2 }, isWatch, 4);
    for (let round = 0; round < 10; round += 1) {
      scene.proxy.reset();
      await churn.steps(6);
      scene.clock.forward(10_000);
    }
    await scene.hasAll(witness);
    expect(witness.reasons).toContain('Malformed');
  });

  test('a token that is taken back is one problem, another one in its place none', async () => {
    const { churn } = await open('revoked', {}, 'admin');
    api.access.grant('first', { name: 'pod' });
    const witness = scene.witness(scene.client(clusterConfigOf(served.url, 'first')));
    await churn.steps(5);
    await scene.hasAll(witness);
    api.access.revoke('first');
    scene.proxy.reset();
    await churn.steps(5);
    await eventually(() => (witness.reasons.includes('Unauthorized') ? true : null));
    expect(witness.problems.at(-1)?.message).toContain('the API server does not accept the token of');
    api.access.grant('first', { name: 'pod' });
    await scene.hasAll(witness);
    expect(witness.runs.length).toBe(1);
  });

  test('a write whose answer is lost has been done, and is seen', async () => {
    const { churn, namespace } = await open('lost-answers');
    const witness = scene.witness();
    api.faults.add({ kind: 'drop', afterWork: true }, ({ method }) => method === 'POST', 3);
    api.faults.add({ kind: 'reply', code: 500 }, ({ method }) => method === 'PUT', 3);
    await churn.steps(30);
    expect(churn.failed).toBe(6);
    await scene.hasAll(witness);
    const made = scene.client().create<AnyObject>(configMaps, configMap(namespace, 'new', {}), as);
    expect(await made).toMatchObject({ metadata: { name: 'new' } });
  });
});
