import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A certificate authority of this test, made with openssl in a folder of its own. */
export class Authority {
  readonly folder = mkdtempSync(join(tmpdir(), 'kube-certificates-'));
  readonly cert: string;
  #serial = 0;

  constructor(name = 'authority') {
    this.#openssl([
      'req',
      '-x509',
      ...curve,
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
      '-subj',
      `/CN=${name}`,
      '-days',
      '2',
    ]);
    this.cert = readFileSync(join(this.folder, 'ca.crt'), 'utf8');
  }

  /** For 127.0.0.1, or for `host`. `days` below zero: expired. */
  issue({ days = 1, host = '', user = 'someone' } = {}): KeyPair {
    const name = `leaf-${(this.#serial += 1)}`;
    const names = host === '' ? 'IP:127.0.0.1' : `DNS:${host}`;
    writeFileSync(join(this.folder, 'names'), `subjectAltName=${names}\n`);
    this.#openssl([
      'req',
      '-new',
      ...curve,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${user}`,
    ]);
    this.#openssl([
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-days',
      String(days),
      '-out',
      `${name}.crt`,
      '-extfile',
      'names',
    ]);
    return {
      cert: readFileSync(join(this.folder, `${name}.crt`), 'utf8'),
      key: readFileSync(join(this.folder, `${name}.key`), 'utf8'),
    };
  }

  #openssl(args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: 'pipe' });
  }
}
