import { X509Certificate } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type { Credential, CredentialSource } from '../auth/credential.ts';
import type { Clock } from '../clock.ts';
import type { ClusterConfig, Impersonation } from '../config/cluster-config.ts';
import { configurationError } from '../config/configuration-error.ts';
import { isKubeError } from '../kube-error.ts';
import type { CallScope } from './call-scope.ts';
import type { Report } from '../report.ts';
import { connectionError, isConnectionReset } from './connection-error.ts';
import type { PoolKeeper } from './pool-keeper.ts';
import { ReportOnce } from './report-once.ts';

export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With query, below the base path of the server. */
  readonly path: string;
  readonly contentType?: string;
  readonly body?: string;
}

export interface WireAnswer {
  readonly status: number;
  readonly header: (name: string) => string;
  /** Bytes as they came; errors of it are not KubeErrors yet. Must be read or destroyed. */
  readonly body: Dispatcher.ResponseData['body'];
}

export interface TransportParts {
  readonly cluster: ClusterConfig;
  readonly pools: PoolKeeper;
  readonly credentials: CredentialSource;
  readonly userAgent: string;
  readonly clock: Clock;
  /** Of warnings that the API server sends along: a version that is to go, a field that does nothing. */
  readonly report: Report;
  /** After each request that was sent: HTTP status, or `<error>` where there was no answer. */
  readonly onRequest?: RequestObserver;
}

export type RequestObserver = (code: string, method: string, host: string) => void;

interface Access {
  readonly credential: Credential;
  readonly dispatcher: Dispatcher;
}

/**
 * Sends requests with credentials over the pool. Where one side does not trust the other (401, or no TLS) all files are read at once, and
 * the request is repeated if one of them has changed; nothing else is repeated here. client-go waits for its next look at the files.
 */
export class Transport {
  readonly #parts: TransportParts;
  readonly #basePath: string;
  readonly #warnings: ReportOnce;
  readonly #impersonation: Readonly<Record<string, string | string[]>>;

  constructor(parts: TransportParts) {
    this.#parts = parts;
    this.#basePath = new URL(parts.cluster.server).pathname.replace(/\/+$/, '');
    this.#warnings = new ReportOnce(parts.report, 'a warning of the API server');
    this.#impersonation = impersonationHeaders(parts.cluster.impersonate);
  }

  /** For messages. */
  get server(): string {
    return this.#parts.cluster.server;
  }

  async send(request: WireRequest, scope: CallScope): Promise<WireAnswer> {
    const access = await this.#access(scope);
    let answer: WireAnswer;
    try {
      answer = await this.#sendWith(access, request, scope);
    } catch (thrown) {
      if (!isUntrusted(thrown) || !(await scope.within(this.#renewedFiles(access)))) throw thrown;
      return await this.#sendWith(await this.#access(scope), request, scope);
    }
    if (answer.status !== 401 || !(await scope.within(this.#renewed(access)))) return answer;
    await scope.within(answer.body.dump({ limit: 65_536 }));
    return await this.#sendWith(await this.#access(scope), request, scope);
  }

  async #access(scope: CallScope): Promise<Access> {
    const { credentials, pools } = this.#parts;
    const credential = await scope.within(credentials.current());
    return { credential, dispatcher: await scope.within(pools.current(credential.certificate)) };
  }

  async #renewed(access: Access): Promise<boolean> {
    return (await this.#parts.credentials.renew(access.credential)) || (await this.#renewedFiles(access));
  }

  #renewedFiles({ credential, dispatcher }: Access): Promise<boolean> {
    return this.#parts.pools.renew(dispatcher, credential.certificate);
  }

  /** Why a 401 may have come: who we said we are, and whether that has run out. */
  whyUnauthorized(): string {
    const { credentials } = this.#parts;
    return (
      this.#whyExpired() ??
      `the API server does not accept ${credentials.description}; log in anew, or see that it belongs to this cluster`
    );
  }

  #whyExpired(): string | null {
    const { clock, pools } = this.#parts;
    const pem = pools.clientCertificate;
    if (pem === null) return null;
    const until = new X509Certificate(pem).validTo;
    return Date.parse(until) < clock.wallMs()
      ? `the client certificate has expired (${until}); get a new one`
      : null;
  }

  #observe(code: string, method: string): void {
    const { cluster, onRequest } = this.#parts;
    onRequest?.(code, method, new URL(cluster.server).host);
  }

  /** `299 - "text"`, one or several, as client-go reads them. */
  #tellWarnings(headers: string | readonly string[]): void {
    for (const header of [headers].flat())
      for (const [, text = ''] of header.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g))
        this.#warnings.tell(text.replaceAll(/\\(.)/g, '$1'));
  }

  async #sendWith(
    { credential, dispatcher }: Access,
    request: WireRequest,
    scope: CallScope,
  ): Promise<WireAnswer> {
    const { cluster, userAgent } = this.#parts;
    const { body, contentType, method, path } = request;
    scope.throwIfOver();
    try {
      const response = await dispatcher.request({
        origin: new URL(cluster.server).origin,
        path: `${this.#basePath}${path}`,
        method,
        headers: {
          accept: 'application/json',
          'user-agent': userAgent,
          ...(credential.authorization === null ? {} : { authorization: credential.authorization }),
          ...this.#impersonation,
          // Also of a DELETE: without a length the API server takes the body for the next request.
          ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
          ...(contentType === undefined ? {} : { 'content-type': contentType }),
        },
        ...(body === undefined ? {} : { body }),
        signal: scope.signal,
        // undici gives up the connection of a DELETE with a body, for servers that trip over it; with a length the API server does not.
        reset: false,
      });
      this.#observe(String(response.statusCode), method);
      this.#tellWarnings(response.headers['warning'] ?? []);
      return answerOf(response);
    } catch (thrown) {
      this.#observe('<error>', method);
      const error = connectionError(thrown, cluster.server);
      const expired = isConnectionReset(error) ? this.#whyExpired() : null;
      // In TLS 1.3 a server refuses a certificate after the handshake, and all that is seen is a connection that ends.
      throw expired === null
        ? error
        : configurationError(`${cluster.server} closed the connection: ${expired}`, error);
    }
  }
}

/** TLS did not come about, so nothing was sent. */
function isUntrusted(thrown: unknown): boolean {
  return isKubeError(thrown, 'Configuration') && !isKubeError(thrown.cause);
}

function answerOf({ body, headers, statusCode }: Dispatcher.ResponseData): WireAnswer {
  return {
    status: statusCode,
    header: (name) => {
      const value = headers[name] ?? '';
      return typeof value === 'string' ? value : (value[0] ?? '');
    },
    body,
  };
}

function impersonationHeaders(
  impersonate: Impersonation | null,
): Readonly<Record<string, string | string[]>> {
  if (impersonate === null) return {};
  const { extra, groups, uid, user } = impersonate;
  return {
    'impersonate-user': user,
    ...(uid === '' ? {} : { 'impersonate-uid': uid }),
    ...(groups.length === 0 ? {} : { 'impersonate-group': [...groups] }),
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [
        `impersonate-extra-${encodeURIComponent(key)}`,
        [...values],
      ]),
    ),
  };
}
