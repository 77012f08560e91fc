import { systemClock } from '../../src/kube/clock.ts';
import { Informer } from '../../src/kube/informer.ts';
import { linkedAbort } from '../../src/kube/linked-abort.ts';
import { keyOf, type KubeObject } from '../../src/kube/object.ts';
import { quantile } from '../bench.ts';
import { answerCommands } from './child.ts';
import { clientOf, msSince, pods } from './resources.ts';

const [kubeconfig = ''] = process.argv.slice(2);
const client = await clientOf(kubeconfig);
const seen = new Set<number>();
const lagsMs: number[] = [];
const informer = new Informer<KubeObject>({
  client,
  resource: pods,
  clock: systemClock(),
  random: Math.random,
});
informer.feed({
  add: (key) => {
    const [namespace = '', name = ''] = key.split('/');
    const { number = '', at = '' } = informer.lister.get({ namespace, name })?.metadata.annotations ?? {};
    // A change is told for the object before it and after it; both keys are one.
    if (number === '' || seen.has(Number(number))) return;
    seen.add(Number(number));
    lagsMs.push(msSince(at));
  },
});
let cpu = process.cpuUsage();
let sinceMs = performance.now();

const commands = {
  follow: async (): Promise<number> => {
    const end = linkedAbort();
    void informer.run(end.signal);
    await informer.whenSynced(end.signal);
    cpu = process.cpuUsage();
    sinceMs = performance.now();
    return informer.size;
  },
  figures: () => {
    const { user, system } = process.cpuUsage(cpu);
    return {
      seen: seen.size,
      lagP99Ms: quantile(lagsMs, 0.99),
      lagP50Ms: quantile(lagsMs, 0.5),
      cpuShare: (user + system) / 1000 / (performance.now() - sinceMs),
    };
  },
  versions: (): readonly string[] =>
    informer.lister.list().map(({ metadata }) => `${keyOf(metadata)} ${metadata.resourceVersion}`),
};
export type ChurnCommands = typeof commands;
answerCommands(commands);
