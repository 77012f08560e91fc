import { createKubeClient } from '../../src/kube/rest/create-kube-client.ts';
import { FakeApiServer } from '../fakes/apiserver/api-server.ts';
import { clusterConfigOf } from '../fakes/apiserver/cluster-config.ts';
import { inProcessClient } from '../fakes/apiserver/in-process-client.ts';
import { serve } from '../fakes/apiserver/serve.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { kubeConformance } from './kube.ts';

kubeConformance('fake, in virtual time', () => {
  const clock = new VirtualClock();
  const server = new FakeApiServer({ clock });
  return Promise.resolve({
    client: inProcessClient(server),
    wait: (forMs: number) => clock.runFor(forMs),
    dispose: () => Promise.resolve(),
  });
});

kubeConformance('fake, over HTTP', async () => {
  const server = new FakeApiServer();
  const served = await serve(server);
  const client = createKubeClient(clusterConfigOf(served.url));
  return {
    client,
    wait: (forMs: number) => new Promise((resolve) => setTimeout(resolve, Math.min(forMs, 5))),
    dispose: async () => {
      await client.close();
      // Watches have connections of their own; all other calls of a test share a few.
      served.expectConnections(8);
      await served.close();
    },
  };
});
