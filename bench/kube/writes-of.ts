import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { Informer } from '../../src/kube/informer.ts';
import { linkedAbort } from '../../src/kube/linked-abort.ts';
import { type ConfigMap, configMaps } from './resources.ts';

/** One version of an object, as this process saw it. */
export interface Write {
  readonly who: string;
  readonly atMs: number;
}

/** Every write to the named ConfigMaps from now on, in the server's order; the list grows. */
export async function writesOf(
  client: KubeClient,
  namespace: string,
  names: readonly string[],
): Promise<{ readonly writes: readonly Write[]; stop(): Promise<void> }> {
  const end = linkedAbort();
  const writes: Write[] = [];
  let last: string | undefined;
  const informer = new Informer<ConfigMap>({
    client,
    resource: configMaps,
    clock: systemClock(),
    random: Math.random,
    scope: { namespace },
  });
  informer.feed({
    add: (key) => {
      const found = informer.lister.get({ namespace, name: key.slice(namespace.length + 1) });
      const who = found?.data?.['who'];
      // A change is told for the object before it and after it.
      if (found === undefined || who === undefined || found.metadata.resourceVersion === last) return;
      last = found.metadata.resourceVersion;
      if (names.includes(found.metadata.name)) writes.push({ who, atMs: performance.now() });
    },
  });
  const running = informer.run(end.signal);
  await informer.whenSynced(end.signal);
  const stop = async (): Promise<void> => {
    end.abort();
    await running;
  };
  return { writes, stop };
}
