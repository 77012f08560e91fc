import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClusterConfig, ExecPlugin, Identity } from '../config/cluster-config.ts';
import { KubeError } from '../kube-error.ts';
import { JumpingClock } from '../testing/jumping-clock.ts';
import { eventually } from '../testing/loopback.ts';
import type { CredentialSource } from './credential.ts';
import { credentialSource } from './credential-source.ts';
import { parseExecCredential } from './exec-credential.ts';
import { withoutSecrets } from './run-plugin.ts';

let folder = '';
let clock = new JumpingClock();
let reports: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kube-auth-'));
  clock = new JumpingClock();
  reports = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function clusterOf(identity: Identity): ClusterConfig {
  return {
    description: 'context "test"',
    server: 'https://10.0.0.1:6443',
    namespace: 'default',
    tls: { ca: null, serverName: 'api.internal', insecure: false },
    proxyUrl: null,
    certificate: null,
    identity,
    impersonate: null,
  };
}

function sourceOf(identity: Identity, execTimeoutMs = 10_000, interactive = false): CredentialSource {
  return credentialSource(clusterOf(identity), {
    clock,
    env: { PATH: process.env['PATH'], INHERITED: 'yes' },
    interactive,
    execTimeoutMs,
    rereadMs: 10_000,
    report: ({ message, where }) => reports.push(`${where}: ${message}`.replaceAll(folder, '~')),
    readCa: () => Promise.resolve('-----BEGIN CERTIFICATE-----'),
  });
}

/** A plugin of a few lines of shell; each run adds a line to `runs`. */
function plugin(script: string, more: Partial<ExecPlugin> = {}): Identity & { readonly plugin: ExecPlugin } {
  const command = join(folder, 'plugin.sh');
  writeFileSync(command, `#!/bin/sh\necho run >> ${folder}/runs\n${script}\n`);
  chmodSync(command, 0o755);
  return {
    kind: 'exec',
    plugin: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command,
      args: [],
      env: [],
      interactiveMode: 'IfAvailable',
      provideClusterInfo: false,
      installHint: '',
      clusterExtension: null,
      ...more,
    },
  };
}

function runs(): number {
  return existsSync(join(folder, 'runs'))
    ? readFileSync(join(folder, 'runs'), 'utf8').trim().split('\n').length
    : 0;
}

function printed(status: object, more: object = {}): string {
  const credential = {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status,
    ...more,
  };
  return `cat <<'END'\n${JSON.stringify(credential)}\nEND`;
}

async function refusal(source: CredentialSource): Promise<string> {
  const thrown: unknown = await source.current().catch((error: unknown) => error);
  if (!(thrown instanceof KubeError)) throw new Error(`no refusal: ${JSON.stringify(thrown)}`);
  expect(thrown.reason).toBe('Configuration');
  return thrown.message.replaceAll(folder, '~');
}

describe('a token file', () => {
  const path = (): string => join(folder, 'token');
  const fileSource = (): CredentialSource => sourceOf({ kind: 'tokenFile', path: path() });

  test('is read again after a while, and the old token kept where that fails', async () => {
    writeFileSync(path(), 'first\n');
    const source = fileSource();
    expect((await source.current()).authorization).toBe('Bearer first');
    writeFileSync(path(), 'second');
    expect((await source.current()).authorization).toBe('Bearer first');
    clock.forward(10_000);
    expect((await source.current()).authorization).toBe('Bearer second');
    rmSync(path());
    for (const _ of [1, 2, 3]) {
      clock.forward(10_000);
      expect((await source.current()).authorization).toBe('Bearer second');
    }
    expect(reports).toEqual([
      'the token file ~/token: the token file ~/token does not exist; correct its path or write the token there',
    ]);
    writeFileSync(path(), 'third');
    clock.forward(10_000);
    expect((await source.current()).authorization).toBe('Bearer third');
    rmSync(path());
    clock.forward(10_000);
    await source.current();
    expect(reports.length).toBe(2);
  });

  test('is read at once after a 401, which is worth a repeat only with another token', async () => {
    writeFileSync(path(), 'first');
    const source = fileSource();
    const rejected = await source.current();
    expect(await source.renew(rejected)).toBe(false);
    writeFileSync(path(), 'second');
    expect(await source.renew(rejected)).toBe(true);
    expect((await source.current()).authorization).toBe('Bearer second');
  });

  test('says what is wrong with it, without the token', async () => {
    const refusals = [await refusal(fileSource())];
    for (const text of ['', ' \n', 'two tokens', 'a\u0000b', '\ufeffé']) {
      writeFileSync(path(), text);
      refusals.push(await refusal(fileSource()));
    }
    expect(refusals).toMatchInlineSnapshot(`
      [
        "the token file ~/token does not exist; correct its path or write the token there",
        "the token file ~/token is empty; write the token there",
        "the token file ~/token is empty; write the token there",
        "the token file ~/token holds something else than one token; write only the token there",
        "the token file ~/token holds something else than one token; write only the token there",
        "the token file ~/token holds something else than one token; write only the token there",
      ]
    `);
  });
});

describe('an exec plugin', () => {
  const token = (expiresInMs: number | null, text = 'abc'): string =>
    printed({
      token: text,
      ...(expiresInMs === null
        ? {}
        : { expirationTimestamp: new Date(clock.wallMs() + expiresInMs).toISOString() }),
    });

  test('runs once for all who wait, and again shortly before its credential ends', async () => {
    const source = sourceOf(plugin(token(600_000)));
    const all = await Promise.all([source.current(), source.current(), source.current()]);
    expect(all.map(({ authorization }) => authorization)).toEqual(['Bearer abc', 'Bearer abc', 'Bearer abc']);
    expect(runs()).toBe(1);
    clock.forward(560_000);
    await source.current();
    expect(runs()).toBe(1);
    clock.forward(11_000);
    await source.current();
    expect(runs()).toBe(2);
  });

  test('runs again after a 401, once for all calls that had the same credential', async () => {
    const source = sourceOf(plugin(token(null)));
    const rejected = await source.current();
    clock.forward(86_400_000);
    expect(await source.current()).toBe(rejected);
    expect(await Promise.all([source.renew(rejected), source.renew(rejected)])).toEqual([true, true]);
    expect(await source.renew(rejected)).toBe(true);
    expect(runs()).toBe(2);
  });

  test('gets its arguments, its environment and what it asks to know of the cluster', async () => {
    const script = `printf '%s' "$1 $OWN $INHERITED $KUBERNETES_EXEC_INFO" > ${folder}/seen\n${token(null)}`;
    const more = {
      args: ['one'],
      env: [{ name: 'OWN', value: 'two' }],
      provideClusterInfo: true,
      clusterExtension: { region: 'x' },
    };
    await sourceOf(plugin(script, more)).current();
    expect(readFileSync(join(folder, 'seen'), 'utf8')).toMatchInlineSnapshot(
      `"one two yes {"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false,"cluster":{"server":"https://10.0.0.1:6443","tls-server-name":"api.internal","certificate-authority-data":"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t","config":{"region":"x"}}}}"`,
    );
  });

  test('is told whether it may ask a person', async () => {
    const script = `printf '%s' "$KUBERNETES_EXEC_INFO" > ${folder}/seen\n${token(null)}`;
    const told: unknown[] = [];
    for (const [mode, terminal] of [
      ['Always', true],
      ['IfAvailable', true],
      ['IfAvailable', false],
      ['Never', true],
    ] as const) {
      await sourceOf(plugin(script, { interactiveMode: mode }), 10_000, terminal).current();
      told.push(JSON.parse(readFileSync(join(folder, 'seen'), 'utf8')).spec);
    }
    expect(told).toEqual([
      { interactive: true },
      { interactive: true },
      { interactive: false },
      { interactive: false },
    ]);
  });

  test('may give a client certificate', async () => {
    const source = sourceOf(plugin(printed({ clientCertificateData: 'CERT', clientKeyData: 'KEY' })));
    expect(await source.current()).toEqual({
      authorization: null,
      certificate: { cert: 'CERT', key: 'KEY' },
    });
  });

  test('that hangs is ended with what it started', async () => {
    const source = sourceOf(plugin(`sleep 600 & echo $! > ${folder}/child\nwait`), 300);
    expect(await refusal(source)).toMatchInlineSnapshot(
      `"the exec plugin ~/plugin.sh gave no answer in 0.3 s and was ended; run it by hand and see what it waits for"`,
    );
    const child = Number(readFileSync(join(folder, 'child'), 'utf8'));
    await eventually(() => !isAlive(child), 'the child of the plugin has ended');
  });

  test('that ends and leaves something behind that holds its output open is given up too', async () => {
    const source = sourceOf(plugin(`sleep 600 & echo $! > ${folder}/child`), 300);
    expect(await refusal(source)).toContain('gave no answer in 0.3 s');
    const child = Number(readFileSync(join(folder, 'child'), 'utf8'));
    await eventually(() => !isAlive(child), 'the child of the plugin has ended');
  });

  test('that prints rubbish, fails or is not there: what to do, and no token in the message', async () => {
    const secret = 'eyJhbGciOiJSUzI1NiIsImtpZCI6IjEyMyJ9';
    const cases: Record<string, () => Identity> = {
      nothing: () => plugin('true'),
      rubbish: () => plugin(`echo "token: ${secret}"`),
      'endless rubbish': () => plugin('yes'),
      'another kind': () => plugin(`echo '{"kind":"Token","token":"${secret}"}'`),
      'another version': () =>
        plugin(printed({ token: secret }, { apiVersion: 'client.authentication.k8s.io/v1beta1' })),
      'no status': () =>
        plugin(`echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"}'`),
      'neither token nor certificate': () => plugin(printed({})),
      'certificate without key': () => plugin(printed({ clientCertificateData: secret })),
      'token with a line end': () => plugin(printed({ token: `${secret}\n` })),
      'a number as token': () => plugin(printed({ token: 5 })),
      'odd time': () => plugin(printed({ token: secret, expirationTimestamp: 'tomorrow' })),
      fails: () => plugin(`echo "no session for ${secret}, log in" >&2; exit 3`),
      'fails silently': () => plugin('exit 1'),
      killed: () => plugin('kill -9 $$'),
      absent: () => plugin('', { command: join(folder, 'absent'), installHint: 'Get it from the shelf.' }),
      'not executable': () => plugin('', { command: folder }),
      'wants a person': () => plugin(token(null), { interactiveMode: 'Always' }),
    };
    const refusals: Record<string, string> = {};
    for (const [name, make] of Object.entries(cases)) {
      refusals[name] = await refusal(sourceOf(make()));
      expect(refusals[name], name).not.toContain(secret);
    }
    expect(refusals).toMatchInlineSnapshot(`
      {
        "a number as token": "the exec plugin ~/plugin.sh printed a status.token that is no text; run it by hand with its arguments and see that it prints an ExecCredential",
        "absent": "the exec plugin ~/absent is not installed; install it or correct exec.command of the kubeconfig
      Get it from the shelf.",
        "another kind": "the exec plugin ~/plugin.sh printed JSON that is no ExecCredential; run it by hand with its arguments and see that it prints an ExecCredential",
        "another version": "the exec plugin ~/plugin.sh answered in another apiVersion than client.authentication.k8s.io/v1; set exec.apiVersion of the kubeconfig to the one that it speaks",
        "certificate without key": "the exec plugin ~/plugin.sh printed only one of clientCertificateData and clientKeyData; run it by hand with its arguments and see that it prints an ExecCredential",
        "endless rubbish": "the exec plugin ~/plugin.sh prints without end and was ended; it must print one ExecCredential",
        "fails": "the exec plugin ~/plugin.sh failed (exit code 3); it said: no session for [removed], log in",
        "fails silently": "the exec plugin ~/plugin.sh failed (exit code 1); it said nothing on stderr",
        "killed": "the exec plugin ~/plugin.sh failed (SIGKILL); it said nothing on stderr",
        "neither token nor certificate": "the exec plugin ~/plugin.sh printed neither a token nor a certificate; run it by hand with its arguments and see that it prints an ExecCredential",
        "no status": "the exec plugin ~/plugin.sh printed an ExecCredential without a status; run it by hand with its arguments and see that it prints an ExecCredential",
        "not executable": "the exec plugin ~ may not be executed; make the file executable or correct exec.command of the kubeconfig",
        "nothing": "the exec plugin ~/plugin.sh printed nothing; run it by hand with its arguments and see that it prints an ExecCredential",
        "odd time": "the exec plugin ~/plugin.sh printed an expirationTimestamp that is no RFC 3339 time; run it by hand with its arguments and see that it prints an ExecCredential",
        "rubbish": "the exec plugin ~/plugin.sh printed something that is no JSON; run it by hand with its arguments and see that it prints an ExecCredential",
        "token with a line end": "the exec plugin ~/plugin.sh printed a token with blanks in it; run it by hand with its arguments and see that it prints an ExecCredential",
        "wants a person": "the exec plugin ~/plugin.sh wants to ask a person (interactiveMode: Always) and there is no terminal; use another way to log in here",
      }
    `);
  });

  test('a failure is shared for a second, so that calls do not start it by the dozen', async () => {
    const source = sourceOf(plugin('exit 1'));
    await refusal(source);
    await refusal(source);
    expect(runs()).toBe(1);
    clock.forward(1_000);
    await refusal(source);
    expect(runs()).toBe(2);
  });
});

test('whatever a plugin prints is a credential or a refusal', () => {
  const { plugin: made } = plugin('');
  const status = fc.record(
    {
      token: fc.oneof(fc.string(), fc.integer()),
      clientCertificateData: fc.string(),
      clientKeyData: fc.string(),
      expirationTimestamp: fc.oneof(fc.string(), fc.constant('2030-01-01T00:00:00Z')),
    },
    { requiredKeys: [] },
  );
  const credential = fc.record({
    kind: fc.constantFrom('ExecCredential', 'Token'),
    apiVersion: fc.constant(made.apiVersion),
    status: fc.oneof(status, fc.jsonValue()),
  });
  const printed = fc.oneof(
    fc.string(),
    fc.json(),
    credential.map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(printed, (output) => {
      try {
        const { authorization, certificate } = parseExecCredential(made, output).credential;
        expect(authorization !== null || certificate !== null).toBe(true);
      } catch (thrown) {
        expect(thrown).toMatchObject({ name: 'KubeError', reason: 'Configuration' });
      }
    }),
  );
});

test('what looks like a token is taken out of the words of a plugin', () => {
  expect(
    withoutSecrets(
      'no session for eyJhbGciOiJSUzI1NiIsImtpZCI6IjEyMyJ9.eyJhIjoxMjM0NTY3ODkwMTIzNDU2N30 at oidc.eks.eu-west-1.amazonaws.com',
    ),
  ).toBe('no session for [removed].[removed] at oidc.eks.eu-west-1.amazonaws.com');
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
