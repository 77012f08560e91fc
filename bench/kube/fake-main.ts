import { setTimeout as sleep } from 'node:timers/promises';
import { FakeApiServer } from '../../test/fakes/apiserver/api-server.ts';
import {
  asObject,
  asText,
  type JsonObject,
  metaOf,
  toJson,
  withMeta,
} from '../../test/fakes/apiserver/json.ts';
import { serve } from '../../test/fakes/apiserver/serve.ts';
import { answerCommands } from './child.ts';
import { ownerOf, realisticPod, readyStatus } from './realistic-pod.ts';
import { configMap, instant } from './resources.ts';

const api = new FakeApiServer({ windowEvents: 20_000 });
const namespace = 'default';
const { store } = api.world;

export interface ChurnOptions {
  readonly perSecond: number;
  readonly durationMs: number;
  /** All watches end so often, as an API server ends them. */
  readonly endWatchesEveryMs: number;
}

export interface Churned {
  readonly written: number;
  /** Times that all watches were ended. */
  readonly ended: number;
}

const commands = {
  serve: async ({ tls }: { readonly tls: { readonly cert: string; readonly key: string } }) =>
    (await serve(api, { tls })).url,
  /** Pods, without asking anybody. */
  fill: ({ objects }: { readonly objects: number }): void => {
    const plain = configMap(namespace, 'owner', {});
    const owner = { ...plain.metadata, uid: uidOf(objects) };
    store.put('configmaps', `${namespace}/owner`, asObject(toJson({ ...plain, metadata: owner })));
    for (let index = 0; index < objects; index += 1) {
      const pod = realisticPod(namespace, index, ownerOf(owner));
      const metadata = { ...pod.metadata, uid: uidOf(index) };
      const whole = { ...pod, metadata, status: readyStatus(pod, index) };
      store.put('pods', `${namespace}/${pod.metadata.name}`, asObject(toJson(whole)));
    }
  },
  /** Writes one pod after the other, each marked with its number and its instant. */
  churn: async ({ perSecond, durationMs, endWatchesEveryMs }: ChurnOptions): Promise<Churned> => {
    const keys = store.list('pods').map(([key]) => key);
    const startedMs = performance.now();
    let written = 0;
    let ended = 0;
    for (let passedMs = 0; passedMs < durationMs; passedMs = performance.now() - startedMs) {
      const due = Math.min((passedMs * perSecond) / 1000, (durationMs * perSecond) / 1000);
      while (written < due) {
        written += 1;
        write(keys[(written * 7919) % keys.length] ?? '', written);
      }
      if (passedMs > (ended + 1) * endWatchesEveryMs) {
        ended += 1;
        api.endWatches('pods');
      }
      await sleep(2);
    }
    return { written, ended };
  },
  /** `key resourceVersion` of every pod. */
  versions: (): readonly string[] =>
    store.list('pods').map(([key, object]) => `${key} ${asText(metaOf(object)['resourceVersion'])}`),
};
export type FakeCommands = typeof commands;
answerCommands(commands);

function write(key: string, number: number): void {
  const object: JsonObject = store.get('pods', key) ?? {};
  const annotations = { ...asObject(metaOf(object)['annotations']), number: String(number), at: instant() };
  store.put('pods', key, withMeta(object, { annotations }));
}

function uidOf(index: number): string {
  return `6f1c6a54-3a2e-4d0b-9f57-${String(index).padStart(12, '0')}`;
}
