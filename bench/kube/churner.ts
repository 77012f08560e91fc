import { FakeApiServer } from '../../test/fakes/apiserver/api-server.ts';
import { inProcessClient } from '../../test/fakes/apiserver/in-process-client.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Clock } from '../../src/kube/clock.ts';
import { configMap, configMaps } from './resources.ts';

const namespace = 'default';
const fieldManager = 'churner';
const minuteMs = 60_000;
const changeMs = 2_000;
/** Objects that are there at once. */
const most = 100;

/**
 * People and other controllers: each two seconds an object comes, under a name that was never there, one changes and one goes; and now and
 * then the server is restarted, compacted, overloaded or loses a connection.
 */
export class Churner {
  writes = 0;
  faults = 0;
  readonly #api: FakeApiServer;
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #names: string[] = [];
  readonly #cancels = new Set<() => void>();

  constructor(api: FakeApiServer, clock: Clock, random: () => number) {
    this.#api = api;
    this.#client = inProcessClient(api);
    this.#clock = clock;
    this.#random = random;
  }

  start(): void {
    this.#every(changeMs, () => void this.#change());
    this.#every(7 * minuteMs, () => this.#disturb());
    // As a real server forgets events, which nobody deletes.
    this.#every(10 * minuteMs, () => {
      for (const [key] of this.#api.world.store.list('events')) this.#api.world.store.remove('events', key);
    });
  }

  stop(): void {
    for (const cancel of this.#cancels) cancel();
  }

  #every(periodMs: number, task: () => void): void {
    const next = (): void => {
      const cancel = this.#clock.at(this.#clock.nowMs() + periodMs, () => {
        this.#cancels.delete(cancel);
        next();
        task();
      });
      this.#cancels.add(cancel);
    };
    next();
  }

  async #change(): Promise<void> {
    this.writes += 1;
    const text = String(this.#random());
    try {
      const object = configMap(namespace, `thing-${this.writes}`, { text });
      const metadata = { ...object.metadata, labels: { mirror: 'wanted' } };
      this.#names.push(metadata.name);
      await this.#client.create(configMaps, { ...object, metadata }, { fieldManager });
      while (this.#names.length > most) {
        const name = this.#names.shift() ?? '';
        await this.#client.remove(configMaps, { namespace, name });
      }
      const name = this.#names[Math.floor(this.#random() * this.#names.length)] ?? '';
      const body = { data: { text } };
      await this.#client.patch(configMaps, { namespace, name }, { type: 'merge', body }, { fieldManager });
    } catch {
      // A fault that was meant for the controller: the next beat brings another change.
    }
  }

  #disturb(): void {
    this.faults += 1;
    const { faults } = this.#api;
    switch (this.faults % 5) {
      case 0:
        this.#api.compact();
        break;
      case 1:
        this.#api.endWatches();
        break;
      case 2:
        faults.add({ kind: 'reply', code: 429, retryAfterSeconds: 1 }, () => true, 5);
        break;
      case 3:
        faults.add({ kind: 'drop', afterWork: true }, () => true, 3);
        break;
      default:
        faults.add({ kind: 'break', afterLines: 2 }, ({ url }) => url.includes('watch=true'), 2);
        this.#api.endWatches();
    }
  }
}
