import type { ClusterConfig, ExecPlugin } from '../config/cluster-config.ts';
import { configurationError } from '../config/configuration-error.ts';
import { isHeaderSafe } from '../config/identity.ts';
import type { Credential } from './credential.ts';

export interface ExecCredential {
  readonly credential: Credential;
  /** Milliseconds since 1970; null: until the server refuses it. */
  readonly expiresAtMs: number | null;
}

/** The text of KUBERNETES_EXEC_INFO. `caPem` null: the cluster has no authority of its own. */
export function execInfo(
  plugin: ExecPlugin,
  cluster: ClusterConfig,
  caPem: string | null,
  interactive: boolean,
): string {
  const { tls, proxyUrl, server } = cluster;
  const info = {
    server,
    ...(tls.serverName === null ? {} : { 'tls-server-name': tls.serverName }),
    ...(tls.insecure ? { 'insecure-skip-tls-verify': true } : {}),
    ...(caPem === null
      ? {}
      : { 'certificate-authority-data': Buffer.from(caPem, 'latin1').toString('base64') }),
    ...(proxyUrl === null ? {} : { 'proxy-url': proxyUrl }),
    config: plugin.clusterExtension,
  };
  return JSON.stringify({
    apiVersion: plugin.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive, ...(plugin.provideClusterInfo ? { cluster: info } : {}) },
  });
}

/** Reads what a plugin printed. It may hold a token whatever else it is, so no message quotes it. */
export function parseExecCredential(plugin: ExecPlugin, output: string): ExecCredential {
  const fail = (problem: string): Error =>
    configurationError(
      `the exec plugin ${plugin.command} ${problem}; run it by hand with its arguments and see that it prints an ExecCredential`,
    );
  let parsed: unknown;
  try {
    parsed = JSON.parse(output);
  } catch {
    throw fail(output.trim() === '' ? 'printed nothing' : 'printed something that is no JSON');
  }
  const root = recordOf(parsed);
  if (root?.['kind'] !== 'ExecCredential') throw fail('printed JSON that is no ExecCredential');
  if (root['apiVersion'] !== plugin.apiVersion) {
    throw configurationError(
      `the exec plugin ${plugin.command} answered in another apiVersion than ${plugin.apiVersion}; set exec.apiVersion of the kubeconfig to the one that it speaks`,
    );
  }
  const status = recordOf(root['status']);
  if (status === null) throw fail('printed an ExecCredential without a status');
  const text = (field: string): string => {
    const value = status[field] ?? '';
    if (typeof value !== 'string') throw fail(`printed a status.${field} that is no text`);
    return value;
  };
  const token = text('token');
  const cert = text('clientCertificateData');
  const key = text('clientKeyData');
  if (token === '' && cert === '') throw fail('printed neither a token nor a certificate');
  if (token !== '' && !isHeaderSafe(token)) throw fail('printed a token with blanks in it');
  if ((cert === '') !== (key === ''))
    throw fail('printed only one of clientCertificateData and clientKeyData');
  const expiration = text('expirationTimestamp');
  const expiresAtMs = expiration === '' ? null : Date.parse(expiration);
  if (Number.isNaN(expiresAtMs)) throw fail('printed an expirationTimestamp that is no RFC 3339 time');
  return {
    credential: {
      authorization: token === '' ? null : `Bearer ${token}`,
      certificate: cert === '' ? null : { cert, key },
    },
    expiresAtMs,
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}
