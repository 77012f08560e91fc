import { dirname, isAbsolute, resolve } from 'node:path';
import type { ExecPlugin, Identity } from './cluster-config.ts';
import type { ConfigNode } from './config-node.ts';

/**
 * Of several ways the order of client-go: tokenFile, token, basic, exec. A token beside a password is refused, as there. Cloud
 * auth-providers were removed from client-go in 1.26 in favour of exec plugins; they are refused with the way out, and so is `oidc`, whose
 * refresh would have to write the kubeconfig.
 */
export function identityOf(user: ConfigNode, cluster: ConfigNode): Identity {
  const token = user.text('token');
  const tokenFile = user.text('tokenFile');
  const username = user.text('username');
  const password = user.text('password');
  const hasToken = token !== '' || tokenFile !== '';
  if (hasToken && (username !== '' || password !== ''))
    throw user.error('token', 'stands beside username and password; remove one of the two');
  const provider = user.node('auth-provider');
  const exec = user.node('exec');
  if (exec !== null && provider !== null)
    throw user.error('exec', 'stands beside auth-provider; remove auth-provider');
  if (tokenFile !== '') return { kind: 'tokenFile', path: resolve(dirname(user.file), tokenFile) };
  if (token !== '') {
    if (!isHeaderSafe(token)) throw user.error('token', 'has blanks or letters that no token has');
    return { kind: 'token', token };
  }
  if (username !== '' || password !== '') return { kind: 'basic', username, password };
  if (exec !== null) return { kind: 'exec', plugin: execPluginOf(exec, cluster) };
  if (provider !== null) {
    const name = provider.text('name');
    throw provider.error(
      'name',
      `"${name}" is not supported; use ${pluginInstead[name] ?? 'tokenFile or an exec plugin'} instead`,
    );
  }
  return { kind: 'none' };
}

const pluginInstead: Readonly<Record<string, string>> = {
  oidc: 'the exec plugin "kubectl oidc-login get-token" (kubelogin)',
  gcp: 'the exec plugin gke-gcloud-auth-plugin',
  azure: 'what "kubelogin convert-kubeconfig" writes',
};

/** May stand in an HTTP header: printable ASCII without blanks. */
export function isHeaderSafe(token: string): boolean {
  return /^[\x21-\x7e]+$/.test(token);
}

const modes = ['Never', 'IfAvailable', 'Always'] as const;

function execPluginOf(exec: ConfigNode, cluster: ConfigNode): ExecPlugin {
  const apiVersion = exec.requiredText('apiVersion');
  if (
    apiVersion !== 'client.authentication.k8s.io/v1' &&
    apiVersion !== 'client.authentication.k8s.io/v1beta1'
  ) {
    throw exec.error(
      'apiVersion',
      'must be client.authentication.k8s.io/v1 or v1beta1; update the plugin (for AWS: "aws eks update-kubeconfig")',
    );
  }
  const command = exec.requiredText('command');
  const wanted = exec.text('interactiveMode');
  if (wanted === '' && apiVersion === 'client.authentication.k8s.io/v1')
    throw exec.error('interactiveMode', `is missing; ${apiVersion} wants one of ${modes.join(', ')}`);
  const interactiveMode = wanted === '' ? 'IfAvailable' : modes.find((mode) => mode === wanted);
  if (interactiveMode === undefined)
    throw exec.error('interactiveMode', `must be one of ${modes.join(', ')}`);
  return {
    apiVersion,
    command: command.includes('/') && !isAbsolute(command) ? resolve(dirname(exec.file), command) : command,
    args: exec.texts('args'),
    env: exec.nodes('env').map((entry) => ({ name: entry.requiredText('name'), value: entry.text('value') })),
    interactiveMode,
    provideClusterInfo: exec.flag('provideClusterInfo'),
    installHint: exec.text('installHint'),
    clusterExtension: extensionOf(cluster),
  };
}

function extensionOf(cluster: ConfigNode): unknown {
  const found = cluster
    .nodes('extensions')
    .find((entry) => entry.text('name') === 'client.authentication.k8s.io/exec');
  return found?.raw('extension') ?? null;
}
