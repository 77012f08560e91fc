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

const admin: User = { name: 'admin', groups: ['system:masters'] };

const clusterNames = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/** Keys and certificates of one control plane, as files of its folder. */
export class Keys {
  readonly adminToken = randomBytes(24).toString('base64url');
  readonly #options: KeyOptions;
  readonly #users = new Map<string, User>();
  #authority: Authority = makeAuthority('kubernetes');
  #admin: Issued = this.#client(admin);

  constructor(options: KeyOptions) {
    this.#options = options;
    mkdirSync(this.file('users'), { recursive: true });
    this.#writeAuthority();
    const accounts = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#write('accounts.key', keyPem(accounts.privateKey));
    this.#write('accounts.pub', String(accounts.publicKey.export({ type: 'spki', format: 'pem' })));
    this.#write('tokens.csv', `${this.adminToken},admin,admin,"system:masters"\n`);
  }

  get caPem(): string {
    return this.#authority.certPem;
  }

  get admin(): Issued {
    return this.#admin;
  }

  /** A new authority, with which everything is made anew in the same files, kubeconfigs of users included. The old one is forgotten. */
  rotate(): void {
    this.#authority = makeAuthority('kubernetes');
    this.#admin = this.#client(admin);
    this.#writeAuthority();
    for (const user of this.#users.values()) this.kubeconfig(user);
  }

  file(name: string): string {
    return join(this.#options.folder, name);
  }

  /** Path of the kubeconfig of a user; a new certificate at every call. */
  kubeconfig(user: User): string {
    const path = join('users', `${user.name.replaceAll(/[^\w.-]+/g, '-')}.kubeconfig`);
    this.#users.set(user.name, user);
    this.#write(path, this.#kubeconfigText(user.name === admin.name ? this.#admin : this.#client(user)));
    return this.file(path);
  }

  #writeAuthority(): void {
    const hosts = [...this.#options.addresses, ...clusterNames];
    const serving = issue(this.#authority, { commonName: 'kube-apiserver', hosts });
    this.#write('ca.crt', this.caPem);
    this.#write('serving.crt', serving.certPem);
    this.#write('serving.key', serving.keyPem);
  }

  #client(user: User): Issued {
    return issue(this.#authority, { commonName: user.name, organizations: user.groups ?? [] });
  }

  /** JSON is YAML. */
  #kubeconfigText({ certPem, keyPem }: Issued): string {
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const cluster = { server: this.#options.server, 'certificate-authority-data': base64(this.caPem) };
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
