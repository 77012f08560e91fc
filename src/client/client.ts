import type {
  ActionDocument,
  ActionRequest,
  ApplyDocument,
  ApplyRequest,
  DeployDocument,
  DeployRequest,
  DoneDocument,
  EngineDocument,
  EventListDocument,
  LogLineView,
  MeasurementListDocument,
  NameListDocument,
  NameView,
  RolloutListDocument,
  ServiceDocument,
  ServiceListDocument,
  WhyDocument,
} from '../resource/view.ts';
import { readConnection } from './connection.ts';
import { type LiveOptions, type LiveUpdate, liveUpdates } from './live-updates.ts';
import { Transport, type TransportOptions } from './transport.ts';

export interface LogQuery {
  readonly arm?: 'stable' | 'canary';
  readonly revision?: string;
  readonly lines: number;
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/**
 * The engine's API with types. A service is named by its key, `<namespace>/<name>`. Every method throws SluiceError:
 * `unreachable`, `timeout`, `unauthorized`, or what the engine answered (ApiError, with its request id).
 */
export class SluiceClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The client of the engine that runs on a state directory; nothing is read before the first call. */
  static of(state: string, options: Omit<TransportOptions, 'connect'>): SluiceClient {
    return new SluiceClient(new Transport({ ...options, connect: () => readConnection(state) }));
  }

  engine(): Promise<EngineDocument> {
    return this.#get('/engine');
  }

  stop(all: boolean): Promise<DoneDocument> {
    return this.#post('/engine/stop', { all });
  }

  services(): Promise<ServiceListDocument> {
    return this.#get('/services');
  }

  service(key: string): Promise<ServiceDocument> {
    return this.#get(`/services/${path(key)}`);
  }

  why(key: string): Promise<WhyDocument> {
    return this.#get(`/services/${path(key)}/why`);
  }

  history(key: string, limit: number): Promise<RolloutListDocument> {
    return this.#get(`/services/${path(key)}/rollouts?limit=${limit}`);
  }

  rollout(name: string): Promise<RolloutListDocument> {
    return this.#get(`/rollouts/${encodeURIComponent(name)}`);
  }

  measurements(rollout: string): Promise<MeasurementListDocument> {
    return this.#get(`/rollouts/${encodeURIComponent(rollout)}/measurements`);
  }

  /** Recorded events, oldest first; of one service or of all. */
  events(query: {
    readonly key?: string;
    readonly after: number;
    readonly limit: number;
  }): Promise<EventListDocument> {
    const base = query.key === undefined ? '/events' : `/services/${path(query.key)}/events`;
    return this.#get(`${base}?after=${query.after}&limit=${query.limit}`);
  }

  apply(request: ApplyRequest): Promise<ApplyDocument> {
    return this.#post('/apply', request);
  }

  deploy(key: string, request: DeployRequest): Promise<DeployDocument> {
    return this.#post(`/services/${path(key)}/deploy`, request);
  }

  act(key: string, request: ActionRequest): Promise<ActionDocument> {
    return this.#post(`/services/${path(key)}/actions`, request);
  }

  enable(key: string): Promise<DoneDocument> {
    return this.#post(`/services/${path(key)}/enable`, {});
  }

  disable(key: string): Promise<DoneDocument> {
    return this.#post(`/services/${path(key)}/disable`, {});
  }

  delete(key: string): Promise<DoneDocument> {
    return this.#json({ method: 'DELETE', path: `/services/${path(key)}` });
  }

  names(): Promise<NameListDocument> {
    return this.#get('/names');
  }

  registerName(entry: NameView): Promise<DoneDocument> {
    return this.#post('/names', entry);
  }

  removeName(name: string): Promise<DoneDocument> {
    return this.#json({ method: 'DELETE', path: `/names/${encodeURIComponent(name)}` });
  }

  live(options: LiveOptions): AsyncGenerator<LiveUpdate> {
    return liveUpdates(this.#transport, options);
  }

  /** What the replicas printed; with `follow` until the signal. */
  async *logs(key: string, query: LogQuery): AsyncGenerator<LogLineView> {
    const parameters = new URLSearchParams({ lines: String(query.lines), follow: String(query.follow) });
    if (query.arm !== undefined) parameters.set('arm', query.arm);
    if (query.revision !== undefined) parameters.set('revision', query.revision);
    const response = await this.#transport.send({
      method: 'GET',
      path: `/api/v1/services/${path(key)}/logs?${parameters.toString()}`,
      signal: query.signal,
    });
    for await (const line of linesOf(response)) yield JSON.parse(line) as LogLineView;
  }

  /** The whole record, one JSON object a line, as `audit verify` reads it. */
  async *audit(signal: AbortSignal): AsyncGenerator<string> {
    yield* linesOf(await this.#transport.send({ method: 'GET', path: '/api/v1/audit', signal }));
  }

  #get<Document>(route: string): Promise<Document> {
    return this.#json({ method: 'GET', path: route });
  }

  #post<Document>(route: string, body: unknown): Promise<Document> {
    return this.#json({ method: 'POST', path: route, body });
  }

  /** The engine and this client are one package, so its answers have the shapes of view.ts. */
  async #json<Document>(request: {
    readonly method: 'GET' | 'POST' | 'DELETE';
    readonly path: string;
    readonly body?: unknown;
  }): Promise<Document> {
    const response = await this.#transport.send({ ...request, path: `/api/v1${request.path}` });
    return (await response.json()) as Document;
  }
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest !== '') yield rest;
}

function path(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}
