import type { ClientResponse } from '../host.ts';

/** What the demo's clients saw of one version, by the version that answered. */
export interface VersionTally {
  readonly requests: number;
  readonly failed: number;
}

/** Counts answers by version (`x-shop-version`), and keeps the last seconds for the rate and the latency shown. */
export class Tally {
  readonly #byVersion = new Map<string, { requests: number; failed: number }>();
  #firstAtMs: number | null = null;
  readonly #firstOfVersion = new Map<string, number>();

  add(response: ClientResponse, nowMs: number): void {
    const version = versionOf(response);
    const failed = response.status === null || response.status >= 500;
    const entry = this.#byVersion.get(version) ?? { requests: 0, failed: 0 };
    entry.requests += 1;
    if (failed) entry.failed += 1;
    this.#byVersion.set(version, entry);
    if (response.status === null) return;
    this.#firstAtMs ??= nowMs;
    if (!this.#firstOfVersion.has(version)) this.#firstOfVersion.set(version, nowMs);
  }

  get versions(): ReadonlyMap<string, VersionTally> {
    return this.#byVersion;
  }

  get requests(): number {
    return this.#sum(({ requests }) => requests);
  }

  get failed(): number {
    return this.#sum(({ failed }) => failed);
  }

  get firstAtMs(): number | null {
    return this.#firstAtMs;
  }

  firstOf(version: string): number | null {
    return this.#firstOfVersion.get(version) ?? null;
  }

  #sum(pick: (tally: VersionTally) => number): number {
    return [...this.#byVersion.values()].reduce((sum, tally) => sum + pick(tally), 0);
  }
}

function versionOf({ status, headers }: ClientResponse): string {
  const header = headers['x-shop-version'];
  if (typeof header === 'string') return header;
  return status === null ? 'no answer' : 'no version';
}
