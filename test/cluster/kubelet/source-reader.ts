import type { KubeClient } from '../../../src/kube/client.ts';
import type { Clock } from '../../../src/kube/clock.ts';
import { isKubeError } from '../../../src/kube/kube-error.ts';
import type { KubeObject, Resource } from '../../../src/kube/object.ts';
import type { Pod } from './pod/pod.ts';
import { type SourceData, sourceKey, type SourceName, type Sources } from './pod/sources.ts';

const core = (plural: string, kind: string): Resource => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced: true,
});
const configMaps = core('configmaps', 'ConfigMap');
const secrets = core('secrets', 'Secret');
const serviceAccounts = core('serviceaccounts', 'ServiceAccount');

interface Source extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

interface TokenRequest extends KubeObject {
  readonly spec: object;
  readonly status?: { readonly token: string };
}

interface Token {
  readonly data: SourceData;
  readonly untilMs: number;
}

const tokenSeconds = 3600;
/** A new one comes long before the old one ends, as with the kubelet. */
const tokenShare = 0.8;

/** Reads what the containers and volumes of one pod are made of. */
export class SourceReader {
  readonly #client: KubeClient;
  readonly #pod: Pod;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, Token>();

  constructor(client: KubeClient, pod: Pod, clock: Clock) {
    this.#client = client;
    this.#pod = pod;
    this.#clock = clock;
  }

  /** Those that exist. Rejects with what the server says otherwise. */
  async read(names: readonly SourceName[]): Promise<Sources> {
    const distinct = new Map(names.map((name) => [sourceKey(name), name]));
    const read = await Promise.all(
      [...distinct].map(async ([key, name]) => {
        try {
          return [[key, await this.#one(name)] as const];
        } catch (thrown) {
          if (isKubeError(thrown, 'NotFound')) return [];
          throw thrown;
        }
      }),
    );
    return new Map(read.flat());
  }

  async #one({ kind, name }: SourceName): Promise<SourceData> {
    const { namespace = '' } = this.#pod.metadata;
    if (kind === 'token') return await this.#token(name);
    const resource = kind === 'secret' ? secrets : configMaps;
    const object = await this.#client.get<Source>(resource, { namespace, name });
    const bytes = (values: Source['data'] = {}, encoding: BufferEncoding): [string, Buffer][] =>
      Object.entries(values).map(([key, value]) => [key, Buffer.from(value, encoding)]);
    return Object.fromEntries([
      ...bytes(object.data, kind === 'secret' ? 'base64' : 'utf8'),
      ...bytes(object.binaryData, 'base64'),
    ]);
  }

  /** Of the pod's ServiceAccount, for as long as the pod is there. */
  async #token(audience: string): Promise<SourceData> {
    const nowMs = this.#clock.nowMs();
    const known = this.#tokens.get(audience);
    if (known !== undefined && nowMs < known.untilMs) return known.data;
    const { namespace = '', name, uid } = this.#pod.metadata;
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { namespace, name: this.#pod.spec.serviceAccountName ?? 'default' },
      spec: {
        expirationSeconds: tokenSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
        ...(audience === '' ? {} : { audiences: [audience] }),
      },
    };
    const options = { fieldManager: 'kubelet', subresource: 'token' } as const;
    const made = await this.#client.create(serviceAccounts, request, options);
    const data = { token: Buffer.from(made.status?.token ?? '') };
    this.#tokens.set(audience, { data, untilMs: nowMs + tokenSeconds * 1000 * tokenShare });
    return data;
  }
}
