import { dirname, resolve } from 'node:path';
import type { ClusterConfig, Impersonation, Material } from './cluster-config.ts';
import { ConfigNode } from './config-node.ts';
import { configurationError } from './configuration-error.ts';
import { identityOf } from './identity.ts';
import type { Kubeconfig } from './kubeconfig.ts';

/** What a context of a kubeconfig means; `context` '' is the current one. */
export function clusterOfContext(config: Kubeconfig, context: string): ClusterConfig {
  const files = config.files.join(', ');
  const name = context === '' ? config.currentContext : context;
  if (name === '') {
    throw configurationError(
      `kubeconfig ${files} has no current-context; name a context (${list(config.contexts)})`,
    );
  }
  const chosen = pick(config.contexts, name, `kubeconfig ${files} has no context "${name}"`);
  const clusterName = chosen.requiredText('cluster');
  const cluster = pick(
    config.clusters,
    clusterName,
    `kubeconfig ${files}: context "${name}" names the cluster "${clusterName}", which is not there`,
  );
  const userName = chosen.text('user');
  const user =
    userName === ''
      ? new ConfigNode(chosen.file, `${chosen.path}.user`, {})
      : pick(
          config.users,
          userName,
          `kubeconfig ${files}: context "${name}" names the user "${userName}", which is not there`,
        );
  return {
    description: `context "${name}"`,
    server: serverOf(cluster),
    namespace: chosen.text('namespace') || 'default',
    tls: tlsOf(cluster),
    proxyUrl: proxyOf(cluster),
    certificate: certificateOf(user),
    identity: identityOf(user, cluster),
    impersonate: impersonationOf(user),
  };
}

function list(entries: ReadonlyMap<string, unknown>): string {
  return entries.size === 0 ? 'it has none' : `it has ${[...entries.keys()].join(', ')}`;
}

function pick(entries: ReadonlyMap<string, ConfigNode>, name: string, missing: string): ConfigNode {
  const found = entries.get(name);
  if (found === undefined) throw configurationError(`${missing} (${list(entries)}); name one that is there`);
  return found;
}

/** client-go takes `host:port` as https; we do too. */
function serverOf(cluster: ConfigNode): string {
  const text = cluster.requiredText('server');
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw cluster.error('server', 'must be a URL such as https://host:6443');
  if (url.username !== '' || url.password !== '')
    throw cluster.error('server', 'must not hold a user or password; put them into the user entry');
  if (url.search !== '' || url.hash !== '')
    throw cluster.error('server', 'must end with its path: remove ? or # and what follows');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function proxyOf(cluster: ConfigNode): string | null {
  const text = cluster.text('proxy-url');
  if (text === '') return null;
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:', 'socks5:'].includes(url.protocol))
    throw cluster.error('proxy-url', 'must be a URL that begins with http://, https:// or socks5://');
  return text;
}

function tlsOf(cluster: ConfigNode): ClusterConfig['tls'] {
  const ca = materialOf(cluster, 'certificate-authority');
  const insecure = cluster.flag('insecure-skip-tls-verify');
  if (insecure && ca !== null) {
    throw cluster.error(
      'insecure-skip-tls-verify',
      'cannot be true beside a certificate-authority; remove one of the two',
    );
  }
  return { ca, serverName: cluster.text('tls-server-name') || null, insecure };
}

function certificateOf(user: ConfigNode): ClusterConfig['certificate'] {
  const cert = materialOf(user, 'client-certificate');
  const key = materialOf(user, 'client-key');
  if (cert === null && key === null) return null;
  if (key === null) throw user.error('client-key', 'is missing beside client-certificate');
  if (cert === null) throw user.error('client-certificate', 'is missing beside client-key');
  return { cert, key };
}

function impersonationOf(user: ConfigNode): Impersonation | null {
  const impersonation = {
    user: user.text('as'),
    uid: user.text('as-uid'),
    groups: user.texts('as-groups'),
    extra: user.textLists('as-user-extra'),
  };
  if (impersonation.user !== '') return impersonation;
  if (
    impersonation.uid !== '' ||
    impersonation.groups.length > 0 ||
    Object.keys(impersonation.extra).length > 0
  )
    throw user.error('as', 'is missing beside as-uid, as-groups or as-user-extra');
  return null;
}

/** `<field>-data` (base64) wins over `<field>`, a path from the folder of the kubeconfig. */
function materialOf(node: ConfigNode, field: string): Material | null {
  const data = node.text(`${field}-data`);
  if (data !== '') {
    const pem = fromBase64(data);
    if (pem === null || !pem.includes('-----BEGIN '))
      throw node.error(`${field}-data`, 'is not PEM in base64; encode the whole .pem file once with base64');
    return { kind: 'inline', pem, from: `kubeconfig ${node.file}: ${node.path}.${field}-data` };
  }
  const path = node.text(field);
  return path === '' ? null : { kind: 'file', path: resolve(dirname(node.file), path) };
}

function fromBase64(text: string): string | null {
  const packed = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(packed)) return null;
  return Buffer.from(packed, 'base64').toString('latin1');
}
