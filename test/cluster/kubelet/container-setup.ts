import type { KubeClient } from '../../../src/kube/client.ts';
import type { Clock } from '../../../src/kube/clock.ts';
import { messageOf } from '../../../src/kube/report.ts';
import { type ImageTable, localImage } from './image-table.ts';
import type { HandlerTarget } from './pod/container-host.ts';
import type { Prepared } from './pod/container-runner.ts';
import { type Environment, environmentOf, expand } from './pod/environment.ts';
import type { Container, Pod, PodPlace } from './pod/pod.ts';
import { sourcesOfEnvironment, sourcesOfVolumes } from './pod/sources.ts';
import { SourceReader } from './source-reader.ts';
import { makeRoot, writeVolumes } from './volumes.ts';

export interface SetupOptions {
  readonly client: KubeClient;
  readonly images: ImageTable;
  readonly pod: Pod;
  readonly place: PodPlace;
  readonly folder: string;
  readonly clock: Clock;
  /** Of the API server, as pods reach it. */
  readonly server: URL;
}

/** Makes what the containers of one pod find when they start: files, variables, a command line. */
export class ContainerSetup {
  readonly #options: SetupOptions;
  readonly #sources: SourceReader;

  constructor(options: SetupOptions) {
    this.#options = options;
    this.#sources = new SourceReader(options.client, options.pod, options.clock);
  }

  /** Reads ConfigMaps and Secrets and writes the volumes. What is missing, in words; null: nothing. */
  async writeVolumes(): Promise<string | null> {
    const { pod, place, folder } = this.#options;
    try {
      const sources = await this.#sources.read(sourcesOfVolumes(pod));
      return writeVolumes(folder, pod, place, sources);
    } catch (thrown) {
      return messageOf(thrown);
    }
  }

  async prepare(container: Container): Promise<Prepared> {
    const { images } = this.#options;
    const { image: name = '' } = container;
    const image = localImage(name, images);
    if (image === null) {
      return { kind: 'waiting', reason: 'ErrImagePull', message: `no program is known for image "${name}"` };
    }
    const target = await this.#target(container, image.env ?? {});
    if (typeof target === 'string') {
      return { kind: 'waiting', reason: 'CreateContainerConfigError', message: target };
    }
    const argv = [...(container.command ?? image.command), ...(container.args ?? [])];
    if (argv.length > 0) return { kind: 'ready', argv: argv.map((part) => expand(part, target.env)), target };
    return { kind: 'waiting', reason: 'CreateContainerError', message: 'no command specified' };
  }

  /** Without the container's own variables. */
  bareTarget(container: Container): HandlerTarget {
    const { folder, place } = this.#options;
    return { container, ip: place.ip, env: this.#variables(container, folder), cwd: folder };
  }

  /** In words what is missing. */
  async #target(container: Container, imageEnv: Environment): Promise<HandlerTarget | string> {
    const { pod, place, folder } = this.#options;
    try {
      const sources = await this.#sources.read(sourcesOfEnvironment(container));
      const own = environmentOf(container, pod, place, sources);
      if (own.kind === 'missing') return own.message;
      const { root, cwd } = makeRoot(folder, container);
      const env = { ...this.#variables(container, root), ...imageEnv, ...own.environment };
      return { container, ip: place.ip, env, cwd };
    } catch (thrown) {
      return messageOf(thrown);
    }
  }

  #variables({ ports = [] }: Container, root: string): Environment {
    const { pod, place, server } = this.#options;
    return {
      PATH: process.env['PATH'] ?? '',
      HOSTNAME: pod.metadata.name,
      POD_IP: place.ip,
      HOST: place.ip,
      PORT: String(ports[0]?.containerPort ?? 8080),
      POD_ROOT: root,
      KUBERNETES_SERVICE_HOST: server.hostname,
      KUBERNETES_SERVICE_PORT: server.port,
    };
  }
}
