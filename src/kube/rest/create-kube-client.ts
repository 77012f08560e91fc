import { credentialSource } from '../auth/credential-source.ts';
import type { KubeClient } from '../client.ts';
import { type Clock, type Random, systemClock } from '../clock.ts';
import type { ClusterConfig } from '../config/cluster-config.ts';
import type { Environment } from '../config/load-config.ts';
import type { Report } from '../report.ts';
import { pemOf } from '../transport/material.ts';
import { PoolKeeper } from '../transport/pool-keeper.ts';
import { type RequestObserver, Transport } from '../transport/transport.ts';
import { Caller } from './caller.ts';
import { RestClient } from './rest-client.ts';

export interface KubeClientOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  /** `name/version (what it is)`. */
  readonly userAgent?: string;
  /** Of exec plugins. */
  readonly env?: Environment;
  /** A person sits at our terminal whom an exec plugin may ask. */
  readonly interactive?: boolean;
  /** Of calls that name none. */
  readonly timeoutMs?: number;
  /** Calls at once; watches are not among them. */
  readonly maxConcurrent?: number;
  readonly inactivityMs?: number;
  /** Files (tokens, certificates) are looked at again after so long at most. */
  readonly rereadMs?: number;
  readonly execTimeoutMs?: number;
  /** Of what was dealt with: files that cannot be read again, warnings of the API server; each once. */
  readonly report?: Report;
  /** For `rest_client_requests_total`. */
  readonly onRequest?: RequestObserver;
  readonly maxLineBytes?: number;
  readonly maxBodyBytes?: number;
}

/** A client of one cluster. Connects with the first call; nothing is read before. */
export function createKubeClient(cluster: ClusterConfig, options: KubeClientOptions = {}): KubeClient {
  const { clock = systemClock(), random = Math.random, report = () => {}, rereadMs = 10_000 } = options;
  const { ca } = cluster.tls;
  const credentials = credentialSource(cluster, {
    clock,
    env: options.env ?? process.env,
    interactive: options.interactive ?? false,
    execTimeoutMs: options.execTimeoutMs ?? 30_000,
    rereadMs,
    report,
    readCa: async () => (ca === null ? null : await pemOf(ca, 'the certificate authority')),
  });
  const pools = new PoolKeeper(cluster, clock, rereadMs, report);
  const userAgent = options.userAgent ?? 'kube-client';
  const transport = new Transport({
    cluster,
    pools,
    credentials,
    userAgent,
    clock,
    report,
    ...(options.onRequest === undefined ? {} : { onRequest: options.onRequest }),
  });
  const caller = new Caller(transport, {
    clock,
    random,
    timeoutMs: options.timeoutMs ?? 30_000,
    maxConcurrent: options.maxConcurrent ?? 64,
    maxBodyBytes: options.maxBodyBytes ?? 256 * 1024 * 1024,
  });
  return new RestClient(caller, {
    clock,
    inactivityMs: options.inactivityMs ?? 120_000,
    maxLineBytes: options.maxLineBytes ?? 8 * 1024 * 1024,
    closePools: () => pools.close(),
  });
}
