import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sluice-programs-'));
afterAll(() => rmSync(folder, { recursive: true }));

function runTests(env: NodeJS.ProcessEnv): Promise<{ readonly code: unknown; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(import.meta.dirname, 'run-tests.ts')],
      {
        env: {
          ...process.env,
          KUBEBUILDER_ASSETS: '',
          USE_EXISTING_CLUSTER: '',
          XDG_CACHE_HOME: folder,
          ...env,
        },
      },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

const skipped = {
  code: 0,
  output:
    'cluster suite skipped: Go 1.26 or newer is not here to build a control plane, and KUBEBUILDER_ASSETS names none\n' +
    '0 passed, 0 failed\n',
};

describe('npm run test:cluster', () => {
  test('is skipped, and says so, without Go', async () => {
    expect(await runTests({ PATH: join(folder, 'nothing') })).toEqual(skipped);
  });

  test('is skipped, and says so, with a Go that is too old', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'go'), '#!/bin/sh\necho go1.25.11\n');
    chmodSync(join(bin, 'go'), 0o755);
    expect(await runTests({ PATH: `${bin}${delimiter}/bin` })).toEqual(skipped);
  });

  test('says which programs KUBEBUILDER_ASSETS lacks', async () => {
    const assets = join(folder, 'assets');
    mkdirSync(assets);
    for (const name of ['etcd', 'kube-apiserver', 'kubectl']) writeFileSync(join(assets, name), '');
    expect(await runTests({ KUBEBUILDER_ASSETS: assets })).toEqual({
      code: 1,
      output:
        `KUBEBUILDER_ASSETS=${assets} has no kube-controller-manager, kube-scheduler: ` +
        'a whole control plane is needed here, not only an API server\n0 passed, 1 failed\n',
    });
  });

  test('says what is wrong with a build that fails', async () => {
    const bin = join(folder, 'failing');
    mkdirSync(bin);
    const script = '#!/bin/sh\n[ "$1" = env ] && echo go1.30.0 && exit\necho no space left >&2\nexit 1\n';
    writeFileSync(join(bin, 'go'), script);
    chmodSync(join(bin, 'go'), 0o755);
    const { code, output } = await runTests({ PATH: `${bin}${delimiter}/bin` });
    expect(code).toBe(1);
    expect(output).toContain('no space left\n');
    expect(output).toMatch(/go build of \S+ ended with 1\n0 passed, 1 failed\n$/);
  });
});
