import { lookup } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import { SluiceError, toSluiceError } from '../lib/error.ts';

export interface EgressOptions {
  /** On one machine loopback is where everything is; on a cluster it is refused. */
  readonly allowLoopback: boolean;
  /** When given, only these hosts (exact, or `.example.com` for all below). */
  readonly allowedHosts?: readonly string[];
  /** `host:port` of a name that is served on this machine, such as `shop-canary`; null for all others. */
  readonly resolveName?: (host: string) => string | null;
}

export interface EgressRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface EgressResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** At most 64 KiB; the rest is dropped. Never for status, events or logs. */
  readonly body: string;
}

export interface Egress {
  /** Throws SluiceError `egress-refused` (will never work) or `hook-failed` (may work later). */
  send(request: EgressRequest): Promise<EgressResponse>;
  close(): Promise<void>;
}

export const bodyLimitBytes = 64 * 1024;

const neverAllowed = new BlockList();
neverAllowed.addSubnet('169.254.0.0', 16);
neverAllowed.addSubnet('fe80::', 10, 'ipv6');
neverAllowed.addSubnet('224.0.0.0', 4);
neverAllowed.addAddress('0.0.0.0');
neverAllowed.addAddress('::', 'ipv6');
neverAllowed.addAddress('fd00:ec2::254', 'ipv6');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

const metadataNames = new Set(['metadata', 'metadata.google.internal', 'instance-data']);

/** Why an address may not be called; null if it may. IPv4 inside IPv6 counts as the IPv4 address. */
export function refusalOfAddress(address: string, allowLoopback: boolean): string | null {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  const family = isIPv6(mapped) ? 'ipv6' : 'ipv4';
  if (neverAllowed.check(mapped, family)) return `${mapped} is a link-local, multicast or metadata address`;
  if (!allowLoopback && loopback.check(mapped, family)) return `${mapped} is a loopback address`;
  return null;
}

/**
 * The one way out for webhooks: http and https only, no redirects, and the name is resolved once, judged, and exactly that
 * address is connected to, so that a name which changes its mind between check and use gains nothing.
 */
export function createEgress(options: EgressOptions): Egress {
  const agent = new Agent({
    connect: { lookup: judgedLookup(options.allowLoopback), timeout: 5_000 },
    keepAliveTimeout: 4_000,
    pipelining: 1,
  });
  return { send: (egressRequest) => send(agent, options, egressRequest), close: () => agent.destroy() };
}

function judgedLookup(allowLoopback: boolean): LookupFunction {
  return (hostname, lookupOptions, callback) => {
    lookup(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 4);
      const allowed = addresses.filter(({ address }) => refusalOfAddress(address, allowLoopback) === null);
      const first = allowed[0];
      if (first === undefined) {
        const why = refusalOfAddress(addresses[0]?.address ?? '', allowLoopback) ?? 'no address';
        return callback(refused(`${hostname} is not called: ${why}`), '', 4);
      }
      if (lookupOptions.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

async function send(
  agent: Agent,
  options: EgressOptions,
  egressRequest: EgressRequest,
): Promise<EgressResponse> {
  const target = targetOf(options, egressRequest.url);
  const signals = [AbortSignal.timeout(egressRequest.timeoutMs)];
  if (egressRequest.signal !== undefined) signals.push(egressRequest.signal);
  try {
    const answer = await request(target.url, {
      dispatcher: agent,
      method: egressRequest.method,
      headers: { host: target.host, ...egressRequest.headers },
      body: egressRequest.body ?? null,
      signal: AbortSignal.any(signals),
    });
    const body = await readBounded(answer.body);
    return { status: answer.statusCode, headers: answer.headers, body };
  } catch (thrown) {
    const cause = thrown instanceof Error && thrown.cause instanceof SluiceError ? thrown.cause : thrown;
    throw toSluiceError(cause, 'hook-failed');
  }
}

function targetOf(options: EgressOptions, text: string): { readonly url: URL; readonly host: string } {
  if (!URL.canParse(text)) throw refused(`"${text}" is not a URL`);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refused(`${url.protocol} is not http or https`);
  if (url.username !== '' || url.password !== '')
    throw refused('a URL of an outgoing call carries no credentials');
  const { host, hostname } = url;
  const mapped = options.resolveName?.(hostname) ?? null;
  if (mapped !== null) {
    const local = new URL(`${url.protocol}//${mapped}${url.pathname}${url.search}`);
    return { url: local, host };
  }
  const bare = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (metadataNames.has(bare)) throw refused(`${bare} is a metadata service`);
  if (options.allowedHosts !== undefined && !isListed(options.allowedHosts, bare)) {
    throw refused(`${bare} is not among the allowed hosts`);
  }
  const refusal = isIP(bare) === 0 ? null : refusalOfAddress(bare, options.allowLoopback);
  if (refusal !== null) throw refused(refusal);
  return { url, host };
}

function isListed(allowedHosts: readonly string[], host: string): boolean {
  return allowedHosts.some((entry) => (entry.startsWith('.') ? host.endsWith(entry) : host === entry));
}

function refused(message: string): SluiceError {
  return new SluiceError({ code: 'egress-refused', message });
}

async function readBounded(body: AsyncIterable<Uint8Array> & { destroy(): unknown }): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    parts.push(part.subarray(0, bodyLimitBytes - size));
    size += part.length;
    if (size >= bodyLimitBytes) break;
  }
  return Buffer.concat(parts).toString('utf8');
}
