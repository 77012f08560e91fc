import type { Dispatcher } from 'undici';
import type { Credential } from '../auth/credential.ts';
import type { Clock } from '../clock.ts';
import type { ClusterConfig } from '../config/cluster-config.ts';
import type { Report } from '../report.ts';
import { readMaterial, stampOf, type TlsMaterial } from './material.ts';
import { openPool } from './open-pool.ts';
import { ReportOnce } from './report-once.ts';

interface OpenPool {
  readonly dispatcher: Dispatcher;
  readonly stamp: string;
  readonly material: TlsMaterial;
}

/**
 * The one pool of a cluster, replaced when its certificates are. As client-go, files are looked at now and then (there each 5 minutes for
 * the authority) instead of watched; unlike it, calls and watches under way end by themselves on the old connections. Files that are
 * caught half written leave the old pool in place until they are whole, and are reported.
 */
export class PoolKeeper {
  readonly #cluster: ClusterConfig;
  readonly #clock: Clock;
  readonly #checkMs: number;
  readonly #report: ReportOnce;
  readonly #retired = new Set<Dispatcher>();
  #open: OpenPool | null = null;
  #checkedAtMs = 0;
  #checking: Promise<OpenPool> | null = null;

  constructor(cluster: ClusterConfig, clock: Clock, checkMs: number, report: Report) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#checkMs = checkMs;
    this.#report = new ReportOnce(report, `certificates of ${cluster.description}`);
  }

  /** `certificate` of an exec plugin goes before the one of the kubeconfig. */
  async current(certificate: Credential['certificate']): Promise<Dispatcher> {
    const fits = ({ material }: OpenPool): boolean =>
      certificate === null || certificate.cert === material.cert;
    const open = this.#open;
    const fresh = this.#clock.nowMs() - this.#checkedAtMs < this.#checkMs;
    if (open !== null && fresh && fits(open)) return open.dispatcher;
    const shared = await this.#checkOnce(certificate);
    // A check under way may have been for an older certificate of the plugin.
    return (fits(shared) ? shared : await this.#checkOnce(certificate)).dispatcher;
  }

  /** The server, or we, did not trust what `refused` was made of: true if the files now hold something else. */
  async renew(refused: Dispatcher, certificate: Credential['certificate']): Promise<boolean> {
    return (await this.#checkOnce(certificate)).dispatcher !== refused;
  }

  /** PEM of the client certificate in use, to say why it is refused. */
  get clientCertificate(): string | null {
    return this.#open?.material.cert ?? null;
  }

  /** Breaks all connections. */
  async close(): Promise<void> {
    const dispatchers = [...this.#retired, ...(this.#open === null ? [] : [this.#open.dispatcher])];
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.destroy()));
  }

  #checkOnce(certificate: Credential['certificate']): Promise<OpenPool> {
    this.#checking ??= this.#check(certificate).finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  async #check(certificate: Credential['certificate']): Promise<OpenPool> {
    const open = this.#open;
    this.#checkedAtMs = this.#clock.nowMs();
    try {
      const stamp = `${await stampOf(this.#cluster)} ${certificate?.cert ?? ''}`;
      if (open?.stamp === stamp) return open;
      const material = { ...(await readMaterial(this.#cluster)), ...certificate };
      if (open !== null && isSame(open.material, material)) this.#open = { ...open, stamp };
      else this.#open = { dispatcher: openPool(this.#cluster, material), stamp, material };
    } catch (thrown) {
      if (open === null) throw thrown;
      this.#report.tell(thrown);
      return open;
    }
    this.#report.forget();
    if (open !== null && open.dispatcher !== this.#open.dispatcher) this.#retire(open.dispatcher);
    return this.#open;
  }

  #retire(dispatcher: Dispatcher): void {
    this.#retired.add(dispatcher);
    // Not at once: a caller may have been given it in this very turn, and sends with it in the next.
    setImmediate(() => {
      const done = (): boolean => this.#retired.delete(dispatcher);
      dispatcher.close().then(done, done);
    });
  }
}

function isSame(a: TlsMaterial, b: TlsMaterial): boolean {
  return a.ca === b.ca && a.cert === b.cert && a.key === b.key;
}
