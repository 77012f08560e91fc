import { systemClock } from '../../src/kube/clock.ts';
import { Informer } from '../../src/kube/informer.ts';
import { linkedAbort } from '../../src/kube/linked-abort.ts';
import { clientOf, configMaps, secrets, serviceAccounts, services } from './resources.ts';

/** A controller that does nothing but start: says how many objects its caches hold once all of them are full. */
const [kubeconfig = '', namespace = ''] = process.argv.slice(2);
const client = await clientOf(kubeconfig);
const { signal } = linkedAbort();
const informers = [configMaps, secrets, services, serviceAccounts].map(
  (resource) =>
    new Informer({ client, resource, clock: systemClock(), random: Math.random, scope: { namespace } }),
);
for (const informer of informers) void informer.run(signal);
await Promise.all(informers.map((informer) => informer.whenSynced(signal)));
process.stdout.write(`${informers.reduce((sum, { size }) => sum + size, 0)}\n`);
