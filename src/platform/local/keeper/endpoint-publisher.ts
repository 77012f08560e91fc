import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint } from '../proxy/messages.ts';

/** A worker as the publisher sees it. */
export interface EndpointReceiver {
  sendEndpoints(key: string, version: number, endpoints: readonly Endpoint[]): void;
  /** Highest version of the service that is in force in it. */
  versionInForce(key: string): number;
  /** Requests in flight of a draining endpoint; undefined: it has not told yet. */
  inFlight(endpointId: string): number | undefined;
}

export interface EndpointWorkers {
  /** All that may still send requests, draining ones included. */
  receivers(): readonly EndpointReceiver[];
}

/** How long a worker may take to tell of an endpoint that began to drain (it does so at most every 50 ms). */
const tellMs = 250;
const pollMs = 10;

/** Tells workers which endpoints a service has, and knows what of it is in force. */
export class EndpointPublisher {
  readonly #key: string;
  readonly #workers: EndpointWorkers;
  #version = 0;
  #endpoints: readonly Endpoint[] = [];
  /** Since which version an endpoint has been in its state. */
  #since = new Map<string, { readonly state: Endpoint['state']; readonly version: number }>();

  constructor(key: string, workers: EndpointWorkers) {
    this.#key = key;
    this.#workers = workers;
  }

  publish(endpoints: readonly Endpoint[]): void {
    if (this.#version > 0 && sameEndpoints(endpoints, this.#endpoints)) return;
    this.#version += 1;
    this.#endpoints = endpoints;
    const since = new Map<string, { readonly state: Endpoint['state']; readonly version: number }>();
    for (const { id, state } of endpoints) {
      const before = this.#since.get(id);
      since.set(id, before?.state === state ? before : { state, version: this.#version });
    }
    this.#since = since;
    for (const worker of this.#workers.receivers()) this.greet(worker);
  }

  /** Tells a worker what is so now. */
  greet(worker: EndpointReceiver): void {
    if (this.#version > 0) worker.sendEndpoints(this.#key, this.#version, this.#endpoints);
  }

  /** Every worker holds the endpoint in its present state. Without any worker nothing is in force. */
  inForce(endpointId: string): boolean {
    const since = this.#since.get(endpointId);
    const workers = this.#workers.receivers();
    if (since === undefined || workers.length === 0) return false;
    return workers.every((worker) => worker.versionInForce(this.#key) >= since.version);
  }

  /** Resolves when no worker sends to the draining endpoint and nothing is in flight in it; at the limit anyway. */
  async drained(endpointId: string, limitMs: number): Promise<void> {
    const deadlineMs = performance.now() + limitMs;
    while (performance.now() < deadlineMs && !this.#goneFromWorkers(endpointId)) await delay(pollMs);
    const tellUntilMs = performance.now() + tellMs;
    while (performance.now() < deadlineMs) {
      const counts = this.#workers.receivers().map((worker) => worker.inFlight(endpointId));
      const told = counts.every((count) => count !== undefined) || performance.now() >= tellUntilMs;
      if (told && counts.every((count) => (count ?? 0) === 0)) return;
      await delay(pollMs);
    }
  }

  #goneFromWorkers(endpointId: string): boolean {
    const since = this.#since.get(endpointId);
    if (since === undefined) return true;
    if (since.state !== 'draining') return false;
    return this.#workers.receivers().every((worker) => worker.versionInForce(this.#key) >= since.version);
  }
}

function sameEndpoints(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  return (
    a.length === b.length &&
    a.every((endpoint, index) => endpoint.id === b[index]?.id && endpoint.state === b[index]?.state)
  );
}
