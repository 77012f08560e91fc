import { createSecureContext, type SecureContext } from 'node:tls';
import { type Dispatcher, Pool, ProxyAgent } from 'undici';
import type { ClusterConfig } from '../config/cluster-config.ts';
import { configurationError } from '../config/configuration-error.ts';
import type { TlsMaterial } from './material.ts';

/** Idle connections are closed before the API server does it (90 s). */
const keepAliveMs = 60_000;
/** First TCP probe; the system then asks each second and gives up after ten. */
const tcpProbeAfterMs = 15_000;
const connectTimeoutMs = 10_000;

/**
 * All connections to one API server. HTTP/1.1: one slow answer holds up no other, and a broken connection takes one call with it
 * (client-go speaks HTTP/2, where a half-open connection once stopped every watch of a process). Deadlines are the caller's.
 */
export function openPool(cluster: ClusterConfig, material: TlsMaterial): Dispatcher {
  const tls = {
    secureContext: secureContextOf(cluster, material),
    rejectUnauthorized: !cluster.tls.insecure,
    ...(cluster.tls.serverName === null ? {} : { servername: cluster.tls.serverName }),
    keepAlive: true,
    keepAliveInitialDelay: tcpProbeAfterMs,
    timeout: connectTimeoutMs,
    allowH2: false,
  };
  const shared = {
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    headersTimeout: 0,
    bodyTimeout: 0,
    strictContentLength: true,
  };
  const { origin } = new URL(cluster.server);
  if (cluster.proxyUrl === null) return new Pool(origin, { ...shared, connect: tls });
  return new ProxyAgent({ ...shared, uri: cluster.proxyUrl, proxyTunnel: true, requestTls: tls });
}

function secureContextOf(cluster: ClusterConfig, { ca, cert, key }: TlsMaterial): SecureContext {
  try {
    return createSecureContext({
      ...(ca === null ? {} : { ca }),
      ...(cert === null ? {} : { cert }),
      ...(key === null ? {} : { key }),
    });
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
    const problem =
      code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
        ? 'client certificate and key do not belong together; take both from the same place'
        : 'a certificate or key cannot be read; each must be whole, unencrypted PEM';
    throw configurationError(`${cluster.description}: ${problem} (${code})`);
  }
}
