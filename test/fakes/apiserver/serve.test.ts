import { describe, expect, test } from 'vitest';
import { createKubeClient } from '../../../src/kube/rest/create-kube-client.ts';
import { as, configMap, configMaps, refusal } from '../../conformance/kube-cluster.ts';
import { FakeApiServer } from './api-server.ts';
import { clusterConfigOf } from './cluster-config.ts';
import { serve } from './serve.ts';

describe('over HTTP', () => {
  test('counts connections and requests, and fails above the bound', async () => {
    const server = new FakeApiServer();
    const served = await serve(server);
    const client = createKubeClient(clusterConfigOf(served.url));
    for (let call = 0; call < 20; call += 1) await client.list(configMaps);
    expect(server.requestCount).toBe(20);
    served.expectConnections(1);
    const second = createKubeClient(clusterConfigOf(served.url));
    await second.list(configMaps);
    expect(() => served.expectConnections(1)).toThrow('2 connections were opened, at most 1 are allowed');
    await Promise.all([client.close(), second.close()]);
    await served.close();
  });

  test('a dropped connection and a line cut in the middle reach the client as such', async () => {
    const server = new FakeApiServer();
    const served = await serve(server);
    const client = createKubeClient(clusterConfigOf(served.url));
    server.faults.add({ kind: 'drop', afterWork: false }, ({ method }) => method === 'POST');
    expect((await refusal(client.create(configMaps, configMap('default', 'a', {}), as))).reason).toBe(
      'Unreachable',
    );
    await client.create(configMaps, configMap('default', 'a', {}), as);
    server.faults.add({ kind: 'cut', afterLines: 0 }, ({ url }) => url.includes('watch'));
    const read = async (): Promise<void> => {
      for await (const event of client.watch(configMaps, {})) expect(event).toBeUndefined();
    };
    expect(['Malformed', 'Unreachable']).toContain((await refusal(read())).reason);
    await client.close();
    await served.close();
  });
});
