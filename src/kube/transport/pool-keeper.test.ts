import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { issue, makeAuthority } from '../../../test/cluster/certificate.ts';
import { JumpingClock } from '../testing/jumping-clock.ts';
import { Loopback, sendJson } from '../testing/loopback.ts';
import { PoolKeeper } from './pool-keeper.ts';

const folder = mkdtempSync(join(tmpdir(), 'kube-pools-'));
const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});
closing.push(() => rmSync(folder, { recursive: true }));

test('the pools of a cluster', async () => {
  const authority = makeAuthority('authority');
  const { certPem, keyPem } = issue(authority, { commonName: 'server', hosts: ['127.0.0.1'] });
  const loopback = await Loopback.start((_, response) => sendJson(response, {}), {
    cert: certPem,
    key: keyPem,
  });
  closing.push(() => loopback.close());
  const path = join(folder, 'ca.crt');
  writeFileSync(path, authority.certPem);
  const clock = new JumpingClock();
  const tls = { ca: { kind: 'file', path }, serverName: null, insecure: false } as const;
  const keeper = new PoolKeeper(loopback.cluster({ tls }), clock, 10_000, () => {});
  closing.push(() => keeper.close());

  const before = await keeper.current(null);
  writeFileSync(path, `${authority.certPem}${makeAuthority('next').certPem}`);
  clock.forward(10_000);
  const after = await keeper.current(null);
  expect(after).not.toBe(before);
  // Who was given the old pool in the turn in which it was replaced can still send with it.
  const { body, statusCode } = await before.request({ path: '/', method: 'GET' });
  await body.dump();
  expect(statusCode).toBe(200);

  const certificates = ['a', 'b'].map((commonName) => {
    const made = issue(authority, { commonName });
    return { cert: made.certPem, key: made.keyPem };
  });
  // Both ask while one check is under way: each gets a pool with the certificate that it named.
  const [a, b] = await Promise.all(certificates.map((certificate) => keeper.current(certificate)));
  expect(a).not.toBe(b);
  expect(keeper.clientCertificate).toBe(certificates[1]?.cert);
});
