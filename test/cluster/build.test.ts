import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type BuildOptions, ensurePrograms, kubernetesVersion, programsFolder } from './build.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-build-'));
afterAll(() => rmSync(folder, { recursive: true }));

let modules = 0;
function makeModule(goMod = 'module x\n\nrequire (\n\tk8s.io/kubernetes v1.99.3\n)\n'): string {
  modules += 1;
  const module = join(folder, `module-${modules}`);
  mkdirSync(module);
  for (const file of ['go.sum', 'main.go']) writeFileSync(join(module, file), `${file} ${modules}`);
  writeFileSync(join(module, 'go.mod'), goMod);
  return module;
}

describe('the build', () => {
  const cache = join(folder, 'cache');
  const compile: BuildOptions['compile'] = async (_, target) => writeFileSync(target, 'program');

  test('is done once for the same module, and again for another', async () => {
    const module = makeModule();
    const built: string[] = [];
    const options: BuildOptions = {
      module,
      cache,
      compile: async (from, target) => {
        built.push(from);
        writeFileSync(target, 'program');
      },
    };
    const first = await ensurePrograms(options);
    expect(await ensurePrograms(options)).toBe(first);
    expect(built).toEqual([module]);
    expect(readdirSync(first).toSorted()).toEqual([
      'controlplane',
      'etcd',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
      'kubectl',
    ]);
    for (const file of ['go.mod', 'go.sum', 'main.go']) {
      const before = programsFolder(module, cache);
      writeFileSync(join(module, file), 'changed');
      expect(programsFolder(module, cache)).not.toBe(before);
    }
    expect(await ensurePrograms(options)).not.toBe(first);
    expect(built).toEqual([module, module]);
  });

  test('leaves nothing when it fails', async () => {
    const module = makeModule();
    const options = { module, cache: join(folder, 'failing') };
    const failing: BuildOptions['compile'] = async (_, target) => {
      writeFileSync(target, 'half');
      throw new Error('no space');
    };
    await expect(ensurePrograms({ ...options, compile: failing })).rejects.toThrow('no space');
    expect(readdirSync(options.cache)).toEqual([]);
    expect(existsSync(join(await ensurePrograms({ ...options, compile }), 'kubectl'))).toBe(true);
  });

  test('of two at once, one builds and the other waits for it', async () => {
    const module = makeModule();
    let running = 0;
    const most: number[] = [];
    const said: string[] = [];
    let finish = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const slow: BuildOptions['compile'] = async (_, target) => {
      running += 1;
      most.push(running);
      await gate;
      writeFileSync(target, 'program');
    };
    const log = (line: string): void => {
      said.push(line);
      if (line.startsWith('another')) finish();
    };
    const folders = await Promise.all([
      ensurePrograms({ module, cache, log, compile: slow }),
      ensurePrograms({ module, cache, log, compile: slow }),
    ]);
    expect(new Set(folders).size).toBe(1);
    expect(most).toEqual([1]);
    expect(said.filter((line) => line.startsWith('another'))).toHaveLength(1);
  });

  test('what a killed build left counts for nothing', async () => {
    const module = makeModule();
    const own = join(folder, 'killed');
    const target = programsFolder(module, own);
    const script = `
      import { ensurePrograms } from ${JSON.stringify(join(import.meta.dirname, 'build.ts'))};
      await ensurePrograms({
        module: ${JSON.stringify(module)}, cache: ${JSON.stringify(own)},
        compile: () => { console.log('builds'); return new Promise(() => setInterval(() => {}, 1000)); },
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(readdirSync(own).length).toBe(2);
    expect(existsSync(target)).toBe(false);
    expect(await ensurePrograms({ module, cache: own, compile })).toBe(target);
    expect(readdirSync(own)).toEqual([target.slice(own.length + 1)]);
  });

  test('takes the version of Kubernetes from go.mod', () => {
    expect(kubernetesVersion(makeModule())).toBe('v1.99.3');
    expect(() => kubernetesVersion(makeModule('module x\n'))).toThrow('requires no k8s.io/kubernetes');
    expect(Number(kubernetesVersion().split('.')[1])).toBeGreaterThanOrEqual(36);
  });
});
