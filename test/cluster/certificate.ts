import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import * as der from './der.ts';

/** Keys are P-256: made in a millisecond, and what every TLS of today speaks. */
export interface Authority {
  readonly certPem: string;
  readonly name: string;
  readonly key: KeyObject;
  readonly keyId: Buffer;
}

export interface Issued {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface LeafRequest {
  /** Of a client: the user's name. */
  readonly commonName: string;
  /** Of a client: the user's groups. */
  readonly organizations?: readonly string[];
  /** DNS names and IPv4 addresses that a server answers for. Absent or empty: the certificate is a client's. */
  readonly hosts?: readonly string[];
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
}

const dayMs = 86_400_000;
const ecdsaWithSha256 = der.sequence(der.objectId('1.2.840.10045.4.3.2'));

export function makeAuthority(name: string): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyId = keyIdOf(publicKey);
  const certPem = certificate({
    issuer: { name, key: privateKey },
    subject: distinguishedName(name),
    publicKey,
    notBeforeMs: Date.now() - dayMs,
    notAfterMs: Date.now() + 3650 * dayMs,
    extensions: [
      extension('2.5.29.19', der.sequence(der.truth()), true),
      extension('2.5.29.15', der.bits(Buffer.from([0x86]), 1), true),
      extension('2.5.29.14', der.octets(keyId)),
    ],
  });
  return { certPem, name, key: privateKey, keyId };
}

/** A server's or a client's certificate, valid from yesterday for a year unless said otherwise, with a new key. */
export function issue(authority: Authority, request: LeafRequest): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const hosts = request.hosts ?? [];
  const purpose = hosts.length > 0 ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2';
  const certPem = certificate({
    issuer: authority,
    subject: distinguishedName(request.commonName, request.organizations),
    publicKey,
    notBeforeMs: request.notBeforeMs ?? Date.now() - dayMs,
    notAfterMs: request.notAfterMs ?? Date.now() + 365 * dayMs,
    extensions: [
      extension('2.5.29.15', der.bits(Buffer.from([0x80]), 7), true),
      extension('2.5.29.37', der.sequence(der.objectId(purpose))),
      extension('2.5.29.14', der.octets(keyIdOf(publicKey))),
      extension('2.5.29.35', der.sequence(der.implicit(0, authority.keyId))),
      ...(hosts.length > 0 ? [extension('2.5.29.17', der.sequence(...hosts.map(alternativeName)))] : []),
    ],
  });
  return { certPem, keyPem: keyPem(privateKey) };
}

export function keyPem(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }));
}

interface Parts {
  readonly issuer: { readonly name: string; readonly key: KeyObject };
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly extensions: readonly Buffer[];
}

/** RFC 5280 4.1, version 3. */
function certificate(parts: Parts): string {
  const toBeSigned = der.sequence(
    der.constructed(0, der.integer(Buffer.from([2]))),
    der.integer(Buffer.concat([Buffer.from([0x4a]), randomBytes(15)])),
    ecdsaWithSha256,
    distinguishedName(parts.issuer.name),
    der.sequence(der.instant(parts.notBeforeMs), der.instant(parts.notAfterMs)),
    parts.subject,
    parts.publicKey.export({ type: 'spki', format: 'der' }),
    der.constructed(3, der.sequence(...parts.extensions)),
  );
  const signature = sign('sha256', toBeSigned, parts.issuer.key);
  const whole = der.sequence(toBeSigned, ecdsaWithSha256, der.bits(signature)).toString('base64');
  const lines = whole.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function distinguishedName(commonName: string, organizations: readonly string[] = []): Buffer {
  const attribute = (id: string, value: string): Buffer =>
    der.setOf(der.sequence(der.objectId(id), der.utf8(value)));
  return der.sequence(
    ...organizations.map((name) => attribute('2.5.4.10', name)),
    attribute('2.5.4.3', commonName),
  );
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return der.sequence(der.objectId(id), ...(critical ? [der.truth()] : []), der.octets(value));
}

function alternativeName(host: string): Buffer {
  return isIPv4(host)
    ? der.implicit(7, Buffer.from(host.split('.').map(Number)))
    : der.implicit(2, Buffer.from(host));
}

/** RFC 5280 4.2.1.2, method 1 on the whole key information: any unique value will do. */
function keyIdOf(publicKey: KeyObject): Buffer {
  return createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
}
