import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Authority, type Issued, issue, keyPem, makeAuthority } from './certificate.ts';

export interface User {
  readonly name: string;
  readonly groups?: readonly string[];
}

export interface KeyOptions {
  readonly folder: string;
  readonly server: string;
  /** What the API server answers for, besides the names that every cluster has. */
  readonly addresses: readonly string[];
}

/** Keys and certificates of one control plane, as files of its folder. */
export class Keys {
  readonly authority: Authority = makeAuthority('kubernetes');
  readonly admin: Issued;
  readonly adminToken = randomBytes(24).toString('base64url');
  readonly #folder: string;
  readonly #server: string;

  constructor({ folder, server, addresses }: KeyOptions) {
    this.#folder = folder;
    this.#server = server;
    mkdirSync(join(folder, 'users'), { recursive: true });
    this.admin = this.#client({ name: 'admin', groups: ['system:masters'] });
    this.#write('ca.crt', this.authority.certPem);
    const serving = issue(this.authority, {
      commonName: 'kube-apiserver',
      hosts: [...addresses, ...clusterNames],
    });
    this.#write('serving.crt', serving.certPem);
    this.#write('serving.key', serving.keyPem);
    const accounts = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#write('accounts.key', keyPem(accounts.privateKey));
    this.#write('accounts.pub', String(accounts.publicKey.export({ type: 'spki', format: 'pem' })));
    this.#write('tokens.csv', `${this.adminToken},admin,admin,"system:masters"\n`);
  }

  file(name: string): string {
    return join(this.#folder, name);
  }

  /** Path of the kubeconfig of a user; a new certificate at every call. */
  kubeconfig(user: User): string {
    const path = join('users', `${user.name.replaceAll(/[^\w.-]+/g, '-')}.kubeconfig`);
    this.#write(path, this.#kubeconfigText(user.name === 'admin' ? this.admin : this.#client(user)));
    return this.file(path);
  }

  #client(user: User): Issued {
    return issue(this.authority, { commonName: user.name, organizations: user.groups ?? [] });
  }

  /** JSON is YAML. */
  #kubeconfigText({ certPem, keyPem }: Issued): string {
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const cluster = { server: this.#server, 'certificate-authority-data': base64(this.authority.certPem) };
    const user = { 'client-certificate-data': base64(certPem), 'client-key-data': base64(keyPem) };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'sluice', cluster }],
      users: [{ name: 'user', user }],
      contexts: [{ name: 'sluice', context: { cluster: 'sluice', user: 'user', namespace: 'default' } }],
      'current-context': 'sluice',
    };
    return `${JSON.stringify(config, null, 2)}\n`;
  }

  #write(name: string, text: string): void {
    writeFileSync(this.file(name), text, { mode: 0o600 });
  }
}

const clusterNames = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];
