import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { issue, makeAuthority } from '../../../test/cluster/certificate.ts';
import type { Clock } from '../clock.ts';
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

function clusterOf(user: string, ca: string, notAfterMs = Date.now() + 60_000): ClusterConfig {
  const issued = issue(authority, { commonName: user, notAfterMs });
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

test('a write that broke off may have been done: a new certificate is no reason to send it again', async () => {
  const client = createKubeClient(clusterOf('second', authority.certPem, Date.now() - 1000));
  expect(await client.raw('/version')).toEqual({});
  clusterOf('second', authority.certPem);
  loopback.handler = ({ socket }) => socket.destroy();
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name: 'a' } };
  const configMaps = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };
  await expect(client.create(configMaps, object, { fieldManager: 'test' })).rejects.toMatchObject({
    reason: 'Configuration',
    message: expect.stringContaining('the client certificate has expired') as string,
  });
  expect(loopback.requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
  await client.close();
});

test('a call that was stopped while it waited is not sent when its time is over', async () => {
  loopback.handler = (_, response) => {
    response.writeHead(429, { 'retry-after': '1' });
    response.end();
  };
  let nowMs = 0;
  // The process is stopped for a minute; when it goes on, the end of the wait comes before the deadline.
  const clock: Clock = {
    nowMs: () => nowMs,
    wallMs: () => nowMs,
    at: (instantMs, task) => {
      if (instantMs > 2000) return () => {};
      const ring = setImmediate(() => {
        nowMs = 60_000;
        task();
      });
      return () => clearImmediate(ring);
    },
  };
  const client = createKubeClient(clusterOf('second', authority.certPem), { clock });
  await expect(client.raw('/version')).rejects.toMatchObject({ reason: 'DeadlineExceeded' });
  expect(loopback.requests.length).toBe(1);
  await client.close();
});
