import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { issue, makeAuthority } from '../../../test/cluster/certificate.ts';
import type { ClusterConfig } from '../config/cluster-config.ts';
import { createKubeClient } from '../rest/create-kube-client.ts';
import { Loopback, sendJson } from '../testing/loopback.ts';

const authority = makeAuthority('authority');
const { certPem: cert, keyPem: key } = issue(authority, { commonName: 'server', hosts: ['127.0.0.1'] });
const users: string[] = [];
let folder = '';
let loopback: Loopback;

/** Knows the client certificate of `second` only. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kube-rotation-'));
  loopback = await Loopback.start(
    ({ socket }, response) => {
      users.push(String((socket as TLSSocket).getPeerCertificate().subject.CN));
      if (users.at(-1) === 'second') sendJson(response, {});
      else sendJson(response, { kind: 'Status', code: 401, message: 'Unauthorized' }, 401);
    },
    { cert, key, requestCert: true, rejectUnauthorized: false, ca: authority.certPem },
  );
});
afterEach(() => {
  loopback.close();
  rmSync(folder, { recursive: true });
  users.splice(0);
});

function write(name: string, text: string): { readonly kind: 'file'; readonly path: string } {
  const path = join(folder, name);
  writeFileSync(path, text);
  return { kind: 'file', path };
}

function clusterOf(user: string, ca: string): ClusterConfig {
  const issued = issue(authority, { commonName: user });
  return loopback.cluster({
    tls: { ca: write('ca.crt', ca), serverName: null, insecure: false },
    certificate: { cert: write('tls.crt', issued.certPem), key: write('tls.key', issued.keyPem) },
  });
}

test('a new authority is taken up by the first call that the old one would fail', async () => {
  const client = createKubeClient(clusterOf('second', makeAuthority('stranger').certPem));
  await expect(client.raw('/version')).rejects.toMatchObject({ reason: 'Configuration' });
  write('ca.crt', authority.certPem);
  expect(await client.raw('/version')).toEqual({});
  await client.close();
});

test('a new client certificate is taken up by the first call that is refused with the old one', async () => {
  const client = createKubeClient(clusterOf('first', authority.certPem));
  await expect(client.raw('/version')).rejects.toMatchObject({ reason: 'Unauthorized' });
  clusterOf('second', authority.certPem);
  expect(await client.raw('/version')).toEqual({});
  expect(users).toEqual(['first', 'first', 'second']);
  await client.close();
});
