import { KubeError } from '../kube-error.ts';
import { configurationError, errnoOf } from '../config/configuration-error.ts';

const untrusted =
  'its certificate is not signed by the authority that is configured; correct certificate-authority (a changed cluster has a new one)';

/** What OpenSSL and Node say of certificates, and what to do. */
const tlsProblems: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_HAS_EXPIRED:
    'its certificate has expired; renew the certificate of the API server (or correct the clock here)',
  CERT_NOT_YET_VALID:
    'its certificate is not valid yet; correct the clock of this machine or of the one that signed it',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its certificate is for another host name; correct server, or set tls-server-name to a name in the certificate',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'it says that the client certificate has expired; get a new one',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA:
    'it does not know the authority of the client certificate; get a certificate of this cluster',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'it refuses the client certificate; get a certificate of this cluster',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    'it refuses the client certificate; get a certificate of this cluster',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    'it wants a client certificate; add client-certificate and client-key',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'TLS could not be agreed on; see that server names an API server',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there; write http:// in server, or correct the port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS there; write http:// in server, or correct the port',
};

const networkProblems: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'its host name is not known',
  EAI_AGAIN: 'its host name could not be looked up now',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'it does not take the connection',
  UND_ERR_CONNECT_TIMEOUT: 'it does not take the connection',
  UND_ERR_SOCKET: 'the connection was closed before the answer was whole',
};

/** One meaning for whatever undici, TLS and the system throw; the reason of an aborted call is one already. `server` is the URL without secrets. */
export function connectionError(thrown: unknown, server: string): KubeError {
  if (thrown instanceof KubeError) return thrown;
  const code = codeOf(thrown);
  const tls = tlsProblems[code] ?? (code.startsWith('ERR_SSL_') ? 'TLS failed' : undefined);
  if (tls !== undefined)
    return configurationError(`${server} cannot be trusted or does not trust us: ${tls} (${code})`, thrown);
  const shown = code === '' ? '' : ` (${code})`;
  if (isProtocolError(thrown, code)) {
    return new KubeError({
      reason: 'Malformed',
      message: `${server} answers something that is no HTTP; see that server names an API server${shown}`,
      cause: thrown,
    });
  }
  const refused = thrown instanceof Error ? /^Proxy response \((\d+)\)/.exec(thrown.message) : null;
  if (refused !== null) {
    return new KubeError({
      reason: 'Unreachable',
      message: `${server} cannot be reached: the proxy of proxy-url refused the connection with ${refused[1]}`,
      cause: thrown,
    });
  }
  const network =
    networkProblems[code] ?? (thrown instanceof Error ? thrown.message : 'the connection failed');
  return new KubeError({
    reason: 'Unreachable',
    message: `${server} cannot be reached: ${network}${shown}`,
    cause: thrown,
  });
}

/** The connection was there and broke: an idle one that the server had just closed, as a rule. */
export function isConnectionReset(error: KubeError): boolean {
  return (
    error.reason === 'Unreachable' && ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(error.cause))
  );
}

function isProtocolError(thrown: unknown, code: string): boolean {
  return (
    (thrown instanceof Error && thrown.name === 'HTTPParserError') ||
    code.startsWith('HPE_') ||
    code === 'UND_ERR_HEADERS_OVERFLOW' ||
    code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'
  );
}

/** Of the error, or the nearest cause that has one that says more than that a request failed. */
function codeOf(thrown: unknown): string {
  const own = errnoOf(thrown);
  if (own !== '' || !(thrown instanceof Error)) return own;
  if (thrown instanceof AggregateError) return codeOf(thrown.errors[0]);
  return codeOf(thrown.cause);
}
