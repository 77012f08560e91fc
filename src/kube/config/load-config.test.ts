import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KubeError } from '../kube-error.ts';
import { clusterOfContext } from './cluster-of-context.ts';
import { mergeKubeconfigs, parseKubeconfig } from './kubeconfig.ts';
import { loadConfig, type LoadConfigOptions } from './load-config.ts';

const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function load(more: Partial<LoadConfigOptions> = {}): ReturnType<typeof loadConfig> {
  return loadConfig({ env: {}, homeFolder: folder, ...more });
}

/** The message of the refusal, with the folder of the test as ~. */
async function refusal(more: Partial<LoadConfigOptions> = {}): Promise<string> {
  const thrown: unknown = await load(more).catch((error: unknown) => error);
  if (!(thrown instanceof KubeError)) throw new Error(`no refusal: ${JSON.stringify(thrown)}`);
  expect(thrown.reason).toBe('Configuration');
  return thrown.message.replaceAll(folder, '~');
}

interface Parts {
  readonly cluster?: string;
  readonly user?: string;
  readonly context?: string;
}

function kubeconfig({ cluster = '', context = '', user = '' }: Parts): string {
  return `
apiVersion: v1
kind: Config
current-context: one
contexts: [{name: one, context: {cluster: c, user: u, ${context}}}]
clusters: [{name: c, cluster: {server: "https://10.0.0.1:6443", ${cluster}}}]
users: [{name: u, user: {${user}}}]
`;
}

describe('a kubeconfig', () => {
  test('says everything about a cluster', async () => {
    const path = write(
      'deep/config',
      kubeconfig({
        context: 'namespace: shop',
        cluster: `certificate-authority: pki/ca.crt, tls-server-name: api.internal, proxy-url: "http://proxy:3128"`,
        user: `client-certificate-data: ${base64(pem)}, client-key: ../key.pem, tokenFile: token, as: someone, as-groups: [a], as-user-extra: {k: [v]}`,
      }),
    );
    expect(await load({ kubeconfig: path })).toEqual({
      description: 'context "one"',
      server: 'https://10.0.0.1:6443',
      namespace: 'shop',
      tls: {
        ca: { kind: 'file', path: join(folder, 'deep/pki/ca.crt') },
        serverName: 'api.internal',
        insecure: false,
      },
      proxyUrl: 'http://proxy:3128',
      certificate: {
        cert: { kind: 'inline', pem, from: `kubeconfig ${path}: users[0].user.client-certificate-data` },
        key: { kind: 'file', path: join(folder, 'key.pem') },
      },
      identity: { kind: 'tokenFile', path: join(folder, 'deep/token') },
      impersonate: { user: 'someone', uid: '', groups: ['a'], extra: { k: ['v'] } },
    });
  });

  test('names an exec plugin, whose relative command lies beside the file', async () => {
    const exec = (more: string): string => kubeconfig({ user: `exec: {${more}}` });
    const v1 = 'apiVersion: client.authentication.k8s.io/v1';
    write(
      '.kube/config',
      exec(
        `${v1}, command: bin/login, args: [a, b], env: [{name: AWS_PROFILE, value: p}], interactiveMode: Never, installHint: get it`,
      ),
    );
    expect((await load()).identity).toEqual({
      kind: 'exec',
      plugin: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: join(folder, '.kube/bin/login'),
        args: ['a', 'b'],
        env: [{ name: 'AWS_PROFILE', value: 'p' }],
        interactiveMode: 'Never',
        provideClusterInfo: false,
        installHint: 'get it',
        clusterExtension: null,
      },
    });
    write('.kube/config', exec('apiVersion: client.authentication.k8s.io/v1beta1, command: aws'));
    expect((await load()).identity).toMatchObject({
      plugin: { command: 'aws', interactiveMode: 'IfAvailable' },
    });
  });

  test('is merged from several files: the first that has a name has it whole', async () => {
    const first = write(
      'first',
      'contexts: [{name: x, context: {cluster: shared, user: only-second}}]\nclusters: [{name: shared, cluster: {server: "https://first"}}]\n',
    );
    const second = write(
      'second',
      'current-context: x\nclusters: [{name: shared, cluster: {server: "https://second", tls-server-name: second}}]\nusers: [{name: only-second, user: {token: t}}]\ncontexts: [{name: y, context: {cluster: shared}}]\n',
    );
    const third = write('third', 'current-context: y\n');
    const KUBECONFIG = [join(folder, 'absent'), first, '', second, third].join(delimiter);
    const merged = await load({ env: { KUBECONFIG } });
    expect(merged).toMatchObject({
      description: 'context "x"',
      server: 'https://first',
      tls: { serverName: null },
      identity: { kind: 'token', token: 't' },
    });
    expect(await load({ env: { KUBECONFIG }, context: 'y' })).toMatchObject({
      description: 'context "y"',
      identity: { kind: 'none' },
    });
  });

  test('takes what is empty or null for unset', async () => {
    write(
      '.kube/config',
      kubeconfig({
        context: 'namespace:',
        cluster: 'proxy-url: "", certificate-authority-data: ""',
        user: 'token: "", exec: null, username: "", as: "", as-groups: null',
      }),
    );
    expect(await load()).toMatchObject({ namespace: 'default', proxyUrl: null, identity: { kind: 'none' } });
  });

  test('may be JSON, a host without a scheme, and a server below a path', async () => {
    write(
      '.kube/config',
      JSON.stringify({
        'current-context': 'a',
        contexts: [{ name: 'a', context: { cluster: 'b' } }],
        clusters: [{ name: 'b', cluster: { server: 'rancher.example/k8s/clusters/c-1/' } }],
      }),
    );
    expect((await load()).server).toBe('https://rancher.example/k8s/clusters/c-1');
  });
});

describe('which configuration', () => {
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };

  test('in a pod: the service account, as files that are read again', async () => {
    write('token', 't');
    write('ca.crt', pem);
    write('namespace', 'shop\n');
    write('.kube/config', kubeconfig({}));
    expect(await load({ env, serviceAccountFolder: folder })).toMatchObject({
      server: 'https://[fd00::1]:443',
      namespace: 'shop',
      tls: { ca: { kind: 'file', path: join(folder, 'ca.crt') } },
      identity: { kind: 'tokenFile', path: join(folder, 'token') },
    });
    expect((await load({ env, serviceAccountFolder: folder, context: 'one' })).description).toBe(
      'context "one"',
    );
  });

  test('says what is missing', async () => {
    expect({
      nothing: await refusal(),
      noToken: await refusal({ env, serviceAccountFolder: join(folder, 'sa') }),
      explicit: await refusal({ kubeconfig: join(folder, 'absent') }),
      listed: await refusal({ env: { KUBECONFIG: join(folder, 'absent') } }),
      folder: await refusal({ env: { KUBECONFIG: folder } }),
      port: await refusal({ env: { ...env, KUBERNETES_SERVICE_PORT: 'tcp://x' } }),
    }).toMatchInlineSnapshot(`
      {
        "explicit": "kubeconfig ~/absent does not exist; name another file",
        "folder": "kubeconfig ~ is a folder, not a file",
        "listed": "no file of KUBECONFIG exists (~/absent); correct or unset KUBECONFIG",
        "noToken": "~/sa/token does not exist; give the pod a service account with automountServiceAccountToken: true",
        "nothing": "no cluster is configured: KUBECONFIG is not set, this is no pod, and ~/.kube/config does not exist; set KUBECONFIG or name a kubeconfig",
        "port": "KUBERNETES_SERVICE_PORT is not a port number; it is set by the kubelet: unset the override",
      }
    `);
  });
});

/** Each malformation with what it is refused with. */
test('malformed kubeconfigs are refused with file, field and what to do, and without a secret', async () => {
  const secret = 'S3cretS3cretS3cretS3cret';
  const v1 = 'apiVersion: client.authentication.k8s.io/v1';
  const cases: Record<string, string> = {
    'no YAML': `users: [{name: u, user: {token: ${secret}}`,
    'a tab': `users:\n\t- name: ${secret}\n`,
    'two documents': `${kubeconfig({})}\n---\n${kubeconfig({})}`,
    'unknown alias': `users: *${secret}\n`,
    'alias bomb': `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c]\n`,
    'bare text': secret,
    empty: '',
    'another kind': 'apiVersion: v1\nkind: Secret\n',
    'another version': 'apiVersion: v9\nkind: Config\n',
    'clusters no list': 'clusters: {a: b}\n',
    'an entry no mapping': `users: [${secret}]\n`,
    'no name': 'users: [{user: {}}]\n',
    'the same name twice': 'users: [{name: a}, {name: a}]\n',
    'current-context that is not there': 'current-context: x\ncontexts: [{name: y}, {name: z}]\n',
    'context without cluster': 'current-context: x\ncontexts: [{name: x}]\n',
    'cluster that is not there': 'current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n',
    'user that is not there':
      'current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: "https://a"}}]\n',
    'no server': kubeconfig({}).replace('server: "https://10.0.0.1:6443",', ''),
    'server of another scheme': kubeconfig({}).replace('https:', 'ftp:'),
    'server with a password': kubeconfig({}).replace('https://', `https://u:${secret}@`),
    'server with a query': kubeconfig({}).replace('6443', '6443/?a=b'),
    'proxy of another scheme': kubeconfig({ cluster: `proxy-url: "ftp://u:${secret}@p"` }),
    'insecure and authority': kubeconfig({
      cluster: 'insecure-skip-tls-verify: true, certificate-authority: x',
    }),
    'insecure no flag': kubeconfig({ cluster: 'insecure-skip-tls-verify: "yes"' }),
    'data no base64': kubeconfig({ cluster: `certificate-authority-data: "*${secret}*"` }),
    'data no PEM': kubeconfig({ cluster: `certificate-authority-data: ${base64(secret)}` }),
    'certificate without key': kubeconfig({ user: 'client-certificate: a' }),
    'key without certificate': kubeconfig({ user: 'client-key: a' }),
    'token a number': kubeconfig({ user: 'token: 12345678901234' }),
    'token with a line end': kubeconfig({ user: `token: "${secret}\\n"` }),
    'token and password': kubeconfig({ user: `token: ${secret}, username: a` }),
    'groups without a user': kubeconfig({ user: 'as-groups: [a]' }),
    'oidc provider': kubeconfig({ user: `auth-provider: {name: oidc, config: {id-token: ${secret}}}` }),
    'unknown provider': kubeconfig({ user: 'auth-provider: {name: mine}' }),
    'exec and provider': kubeconfig({ user: 'auth-provider: {name: gcp}, exec: {command: a}' }),
    'exec without version': kubeconfig({ user: 'exec: {command: a}' }),
    'exec of v1alpha1': kubeconfig({
      user: 'exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: aws}',
    }),
    'exec without command': kubeconfig({ user: `exec: {${v1}, interactiveMode: Never}` }),
    'exec without mode': kubeconfig({ user: `exec: {${v1}, command: a}` }),
    'exec of an odd mode': kubeconfig({ user: `exec: {${v1}, command: a, interactiveMode: Sometimes}` }),
    'exec arguments no text': kubeconfig({
      user: `exec: {${v1}, command: a, interactiveMode: Never, args: [1]}`,
    }),
  };
  const refusals: Record<string, string> = {};
  for (const [name, text] of Object.entries(cases)) {
    write('.kube/config', text);
    refusals[name] = await refusal();
    expect(refusals[name], name).not.toContain(secret);
    expect(refusals[name], name).not.toContain(base64(secret));
  }
  expect(refusals).toMatchInlineSnapshot(`
    {
      "a tab": "kubeconfig ~/.kube/config is not valid YAML at line 2, column 1 (tab as indent); write the file anew or correct that line",
      "alias bomb": "kubeconfig ~/.kube/config has aliases that lead nowhere or are too many; remove them",
      "an entry no mapping": "kubeconfig ~/.kube/config: users[0] must be a mapping, not a string",
      "another kind": "~/.kube/config is no kubeconfig: its kind is not Config; name another file",
      "another version": "kubeconfig ~/.kube/config: apiVersion must be v1",
      "bare text": "kubeconfig ~/.kube/config: the file must be a mapping, not a string",
      "certificate without key": "kubeconfig ~/.kube/config: users[0].user.client-key is missing beside client-certificate",
      "cluster that is not there": "kubeconfig ~/.kube/config: context "x" names the cluster "c", which is not there (it has none); name one that is there",
      "clusters no list": "kubeconfig ~/.kube/config: clusters must be a list, not a mapping",
      "context without cluster": "kubeconfig ~/.kube/config: contexts[0].context.cluster is missing; add it",
      "current-context that is not there": "kubeconfig ~/.kube/config has no context "x" (it has y, z); name one that is there",
      "data no PEM": "kubeconfig ~/.kube/config: clusters[0].cluster.certificate-authority-data is not PEM in base64; encode the whole .pem file once with base64",
      "data no base64": "kubeconfig ~/.kube/config: clusters[0].cluster.certificate-authority-data is not PEM in base64; encode the whole .pem file once with base64",
      "empty": "kubeconfig ~/.kube/config has no current-context; name a context (it has none)",
      "exec and provider": "kubeconfig ~/.kube/config: users[0].user.exec stands beside auth-provider; remove auth-provider",
      "exec arguments no text": "kubeconfig ~/.kube/config: users[0].user.exec.args[0] must be text, not a number; put it in quotes",
      "exec of an odd mode": "kubeconfig ~/.kube/config: users[0].user.exec.interactiveMode must be one of Never, IfAvailable, Always",
      "exec of v1alpha1": "kubeconfig ~/.kube/config: users[0].user.exec.apiVersion must be client.authentication.k8s.io/v1 or v1beta1; update the plugin (for AWS: "aws eks update-kubeconfig")",
      "exec without command": "kubeconfig ~/.kube/config: users[0].user.exec.command is missing; add it",
      "exec without mode": "kubeconfig ~/.kube/config: users[0].user.exec.interactiveMode is missing; client.authentication.k8s.io/v1 wants one of Never, IfAvailable, Always",
      "exec without version": "kubeconfig ~/.kube/config: users[0].user.exec.apiVersion is missing; add it",
      "groups without a user": "kubeconfig ~/.kube/config: users[0].user.as is missing beside as-uid, as-groups or as-user-extra",
      "insecure and authority": "kubeconfig ~/.kube/config: clusters[0].cluster.insecure-skip-tls-verify cannot be true beside a certificate-authority; remove one of the two",
      "insecure no flag": "kubeconfig ~/.kube/config: clusters[0].cluster.insecure-skip-tls-verify must be true or false, not a string",
      "key without certificate": "kubeconfig ~/.kube/config: users[0].user.client-certificate is missing beside client-key",
      "no YAML": "kubeconfig ~/.kube/config is not valid YAML at line 1, column 58 (bad indent); write the file anew or correct that line",
      "no name": "kubeconfig ~/.kube/config: users[0].name is missing; add it",
      "no server": "kubeconfig ~/.kube/config: clusters[0].cluster.server is missing; add it",
      "oidc provider": "kubeconfig ~/.kube/config: users[0].user.auth-provider.name "oidc" is not supported; use the exec plugin "kubectl oidc-login get-token" (kubelogin) instead",
      "proxy of another scheme": "kubeconfig ~/.kube/config: clusters[0].cluster.proxy-url must be a URL that begins with http://, https:// or socks5://",
      "server of another scheme": "kubeconfig ~/.kube/config: clusters[0].cluster.server must be a URL such as https://host:6443",
      "server with a password": "kubeconfig ~/.kube/config: clusters[0].cluster.server must not hold a user or password; put them into the user entry",
      "server with a query": "kubeconfig ~/.kube/config: clusters[0].cluster.server must end with its path: remove ? or # and what follows",
      "the same name twice": "kubeconfig ~/.kube/config: users[1].name "a" stands twice; remove one of the two",
      "token a number": "kubeconfig ~/.kube/config: users[0].user.token must be text, not a number; put it in quotes",
      "token and password": "kubeconfig ~/.kube/config: users[0].user.token stands beside username and password; remove one of the two",
      "token with a line end": "kubeconfig ~/.kube/config: users[0].user.token has blanks or letters that no token has",
      "two documents": "kubeconfig ~/.kube/config is not valid YAML at line 9, column 1 (multiple docs); write the file anew or correct that line",
      "unknown alias": "kubeconfig ~/.kube/config has aliases that lead nowhere or are too many; remove them",
      "unknown provider": "kubeconfig ~/.kube/config: users[0].user.auth-provider.name "mine" is not supported; use tokenFile or an exec plugin instead",
      "user that is not there": "kubeconfig ~/.kube/config: context "x" names the user "u", which is not there (it has none); name one that is there",
    }
  `);
});

test('whatever a kubeconfig holds, it is a cluster or a refusal', () => {
  const field = fc.constantFrom(
    'server',
    'certificate-authority-data',
    'proxy-url',
    'token',
    'exec',
    'as-groups',
    'auth-provider',
  );
  const part = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.dictionary(field, fc.oneof(fc.string(), fc.jsonValue()), { maxKeys: 3 }),
  );
  const entries = (key: string): fc.Arbitrary<unknown> =>
    fc.oneof(
      fc.array(fc.record({ name: fc.constantFrom('a', 'b'), [key]: part }), { maxLength: 2 }),
      fc.jsonValue(),
    );
  const config = fc.record({
    'current-context': fc.constantFrom('a', 'b'),
    contexts: fc.oneof(
      fc.constant([{ name: 'a', context: { cluster: 'a', user: 'a' } }]),
      entries('context'),
    ),
    clusters: fc.oneof(fc.constant([{ name: 'a', cluster: { server: 'https://a' } }]), entries('cluster')),
    users: entries('user'),
  });
  const text = fc.oneof(
    {
      weight: 1,
      arbitrary: fc.string({
        unit: fc.constantFrom(
          '{',
          '}',
          '[',
          ']',
          ':',
          '-',
          '&',
          '*',
          '!',
          '|',
          '"',
          '\n',
          '\t',
          ' ',
          'a',
          '€',
        ),
      }),
    },
    { weight: 4, arbitrary: config.map((value) => JSON.stringify(value)) },
  );
  fc.assert(
    fc.property(text, (written) => {
      try {
        expect(clusterOfContext(parseKubeconfig('/f', written), '').server).toMatch(/^https?:/);
      } catch (thrown) {
        expect(thrown).toMatchObject({ name: 'KubeError', reason: 'Configuration' });
      }
    }),
    { numRuns: 150 },
  );
});

test('merging: the first file that has a name has it whole, and order within a file does not matter', () => {
  const names = fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd'), { maxLength: 4 });
  fc.assert(
    fc.property(fc.array(names, { minLength: 1, maxLength: 4 }), (files) => {
      const configs = files.map((present, index) =>
        parseKubeconfig(
          `/${index}`,
          JSON.stringify({ users: present.map((name) => ({ name, user: { token: `${index}` } })) }),
        ),
      );
      const { users } = mergeKubeconfigs(configs);
      expect(new Set(users.keys())).toEqual(new Set(files.flat()));
      for (const [name, user] of users)
        expect(user.text('token')).toBe(String(files.findIndex((present) => present.includes(name))));
    }),
    { numRuns: 50 },
  );
});
