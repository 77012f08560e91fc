import { SluiceError } from '../../lib/error.ts';
import type { RouteObservation } from '../../rollout/observation.ts';
import type { WorkerInfo } from './keeper/worker-info.ts';
import type { ProxyRoute } from './proxy/messages.ts';
import { isInForce, laterRoute, reachesCanary, routingOf, sameContent, zeroRoute } from './route-content.ts';
import { WorkerLink } from './worker-link.ts';

/** How often a write that came too late for a worker's epoch is tried again. */
const epochTries = 3;

export interface RouteBoardOptions {
  /** A worker was told all routes and may accept. */
  readonly routed: (worker: string) => void;
}

/** The routes of all services in all workers: what was asked for, and what each worker holds. */
export class RouteBoard {
  readonly #options: RouteBoardOptions;
  readonly #links = new Map<string, WorkerLink>();
  readonly #asked = new Map<string, ProxyRoute>();
  #epoch = 0;
  #settling = new Set<Promise<void>>();

  constructor(options: RouteBoardOptions) {
    this.#options = options;
  }

  /** As the keeper has them. A new one is told the routes at once; one that is gone holds none. */
  setWorkers(infos: readonly WorkerInfo[]): void {
    const ids = new Set(infos.map((info) => info.id));
    for (const [id, link] of this.#links) {
      if (ids.has(id)) continue;
      this.#links.delete(id);
      link.close();
    }
    for (const info of infos) {
      if (this.#links.has(info.id)) continue;
      const link = new WorkerLink(info);
      this.#links.set(info.id, link);
      const settling = this.#welcome(link).finally(() => this.#settling.delete(settling));
      this.#settling.add(settling);
    }
  }

  /** Resolves when every worker known now has been read and told. */
  async settled(): Promise<void> {
    await Promise.all(this.#settling);
  }

  links(): readonly WorkerLink[] {
    return [...this.#links.values()];
  }

  asked(key: string): ProxyRoute | null {
    return this.#asked.get(key) ?? null;
  }

  /** Services with requests on the canary. */
  activeKeys(): readonly string[] {
    return [...this.#asked].filter(([, route]) => reachesCanary(route)).map(([key]) => key);
  }

  nextEpoch(): number {
    this.#epoch += 1;
    return this.#epoch;
  }

  /**
   * Writes a route to all workers; resolves when each that lives has answered or did not in time. Errors: `conflict` for a
   * rollout that was rolled back, which no later write may undo.
   */
  async write(key: string, route: ProxyRoute): Promise<void> {
    const before = this.asked(key);
    if (
      before !== null &&
      before.tombstone !== null &&
      before.tombstone === route.rollout &&
      reachesCanary(route)
    ) {
      throw new SluiceError({
        code: 'conflict',
        message: `rollout ${route.rollout} of ${key} was rolled back`,
      });
    }
    const next =
      before !== null && sameContent(before, route) && before.rollout === route.rollout ? before : route;
    this.#asked.set(key, next);
    await Promise.allSettled(this.links().map((link) => this.#writeTo(link, key, next, epochTries)));
  }

  /** The rollback lane: no read, no wait for anything but the workers' answers, which mean that it is in force. */
  async lowerToZero(key: string, rollout: string): Promise<void> {
    const route = zeroRoute(this.nextEpoch(), rollout);
    this.#asked.set(key, route);
    await Promise.all(this.links().map((link) => link.forceRoute(key, route)));
    for (const link of this.links()) this.#seenEpoch(link.route(key));
  }

  forget(key: string): void {
    this.#asked.delete(key);
  }

  async observe(key: string): Promise<RouteObservation> {
    const links = this.links();
    const read = await Promise.all(links.map((link) => link.refresh()));
    for (const link of links) this.#learn(key, link.route(key));
    const asked = this.asked(key);
    const holds = links.every(
      (link, index) => !link.alive || (read[index] === true && isInForce(asked, link.route(key))),
    );
    const inForce = holds && (links.some((link) => link.alive) || !reachesCanary(asked));
    return {
      routing: routingOf(asked),
      tombstone: asked?.tombstone ?? null,
      inForce,
      evidence: inForce ? 'programmed' : 'written',
      foreignWriter: null,
    };
  }

  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  async #welcome(link: WorkerLink): Promise<void> {
    if (await link.refresh()) {
      for (const [key, route] of link.routes) this.#learn(key, route);
      const missing = [...this.#asked].filter(([key, route]) => !isInForce(route, link.route(key)));
      await Promise.allSettled(missing.map(([key, route]) => this.#writeTo(link, key, route, epochTries)));
    }
    this.#options.routed(link.info.id);
  }

  async #writeTo(link: WorkerLink, key: string, route: ProxyRoute, tries: number): Promise<void> {
    const answer = await link.setRoute(key, route);
    if (answer.ok) {
      this.#seenEpoch(link.route(key));
      return;
    }
    if (answer.error === 'tombstone') throw new SluiceError({ code: 'conflict', message: answer.message });
    // A later write has taken this one's place meanwhile; it is on its way.
    if (answer.error !== 'stale-epoch' || tries === 0 || this.asked(key) !== route) return;
    await link.refresh();
    this.#seenEpoch(link.route(key));
    const newer = { ...route, epoch: this.nextEpoch() };
    this.#asked.set(key, newer);
    await this.#writeTo(link, key, newer, tries - 1);
  }

  #learn(key: string, held: ProxyRoute | null): void {
    if (held === null) return;
    this.#seenEpoch(held);
    this.#asked.set(key, laterRoute(this.asked(key), held));
  }

  #seenEpoch(route: ProxyRoute | null): void {
    this.#epoch = Math.max(this.#epoch, route?.epoch ?? 0);
  }
}
