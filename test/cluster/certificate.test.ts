import { X509Certificate } from 'node:crypto';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { issue, makeAuthority } from './certificate.ts';

describe('certificates', () => {
  const authority = makeAuthority('test-ca');

  test('say who the client is, and whom they are from', () => {
    const client = issue(authority, {
      commonName: 'system:node:one',
      organizations: ['system:nodes', 'others'],
      notBeforeMs: Date.UTC(2026, 0, 1),
      notAfterMs: Date.UTC(2051, 0, 1),
    });
    const read = new X509Certificate(client.certPem);
    const ca = new X509Certificate(authority.certPem);
    expect({
      subject: read.subject,
      issuer: read.issuer,
      from: read.validFrom,
      to: read.validTo,
      usage: read.keyUsage,
      ca: [read.ca, ca.ca],
      signed: [read.verify(ca.publicKey), read.checkIssued(ca), ca.checkIssued(ca)],
      byAnother: read.verify(new X509Certificate(makeAuthority('test-ca').certPem).publicKey),
    }).toMatchInlineSnapshot(`
      {
        "byAnother": false,
        "ca": [
          false,
          true,
        ],
        "from": "Jan  1 00:00:00 2026 GMT",
        "issuer": "CN=test-ca",
        "signed": [
          true,
          true,
          true,
        ],
        "subject": "O=system:nodes
      O=others
      CN=system:node:one",
        "to": "Jan  1 00:00:00 2051 GMT",
        "usage": [
          "1.3.6.1.5.5.7.3.2",
        ],
      }
    `);
  });

  test('hold in TLS both ways', async () => {
    const serving = issue(authority, { commonName: 'server', hosts: ['localhost', '127.0.0.1'] });
    const client = issue(authority, { commonName: 'someone' });
    const server = createServer(
      { cert: serving.certPem, key: serving.keyPem, ca: authority.certPem, requestCert: true },
      (_, response) => response.end('hello'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const call = (ca: string, cert: { certPem: string; keyPem: string }): Promise<string> =>
      new Promise((resolve) => {
        request(
          { host: '127.0.0.1', port, ca, cert: cert.certPem, key: cert.keyPem, agent: false },
          (response) => {
            response.on('data', (data) => resolve(String(data)));
          },
        )
          .on('error', (error) => resolve(String((error as NodeJS.ErrnoException).code)))
          .end();
      });
    const late = issue(authority, { commonName: 'late', notAfterMs: Date.now() - 1000 });
    const answers = [
      await call(authority.certPem, client),
      await call(makeAuthority('another').certPem, client),
      (await call(authority.certPem, late)) === 'hello',
    ];
    server.close();
    expect(answers).toMatchInlineSnapshot(`
      [
        "hello",
        "SELF_SIGNED_CERT_IN_CHAIN",
        false,
      ]
    `);
  });
});
