import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processesWithEnvironment } from '../../src/platform/local/process/identity.ts';
import { eventually } from './eventually.ts';
import { inNewNetwork } from './network.ts';
import { programsToRun } from './programs.ts';

let cache = '';
let state = '';
let programs = '';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function cluster(...args: string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    env: { ...process.env, XDG_CACHE_HOME: cache, KUBEBUILDER_ASSETS: programs },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (part) => {
      text[stream] += String(part);
    });
  }
  return {
    child,
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, ...text }))),
  };
}

/** Command lines of all processes that have to do with clusters of this test. */
function processes(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(state) ? [line] : [];
      } catch {
        return [];
      }
    });
}

const noneLeft = (): Promise<true> => eventually(() => (processes().length === 0 ? true : null), 5000);

describe.runIf(process.env['USE_EXISTING_CLUSTER'] !== 'true')('npm run cluster', () => {
  beforeAll(async () => {
    programs = await programsToRun();
    cache = mkdtempSync(join(tmpdir(), 'sluice-person-'));
    state = join(cache, 'sluice', 'cluster');
  });
  afterAll(async () => {
    await cluster('down', '--name', 'one').ended;
    await noneLeft();
    rmSync(cache, { recursive: true });
  });

  test('up prints a KUBECONFIG that works here and in the shell; down leaves nothing', async () => {
    const up = await cluster('up', '--name', 'one').ended;
    expect(up).toEqual({
      code: 0,
      stdout: `export KUBECONFIG=${state}/one/control-plane/keys/users/admin.kubeconfig\n`,
      stderr: `kubectl: ${programs}/kubectl\n`,
    });
    expect(await cluster('up', '--name', 'one').ended).toEqual(up);
    const kubeconfig = up.stdout.trim().slice('export KUBECONFIG='.length);
    const outside = spawn(join(programs, 'kubectl'), ['get', '--raw', '/readyz'], {
      env: { ...process.env, KUBECONFIG: kubeconfig },
      stdio: 'ignore',
    });
    expect(await new Promise((resolve) => outside.once('close', resolve))).toBe(0);
    const inside = await cluster('shell', '--name', 'one', '--', 'kubectl', 'get', '--raw', '/readyz').ended;
    expect(inside).toEqual({ code: 0, stdout: 'ok', stderr: '' });
    expect((await cluster('shell', '--name', 'one', '--', 'sh', '-c', 'exit 7').ended).code).toBe(7);
    expect(processes().length).toBeGreaterThanOrEqual(6);
    expect(await cluster('down', '--name', 'one').ended).toEqual({ code: 0, stdout: '', stderr: '' });
    await noneLeft();
    expect(readdirSync(state)).toEqual(['one.log']);
    expect(await cluster('down', '--name', 'one').ended).toEqual({
      code: 0,
      stdout: '',
      stderr: 'no cluster one is up\n',
    });
  });

  test.runIf(inNewNetwork(['true']) !== null)('pods run, and end with their cluster', async () => {
    expect((await cluster('up', '--name', 'one').ended).code).toBe(0);
    const pod = `pod-of-${process.pid}`;
    const kubectl = (...args: string[]): Promise<Ended> =>
      cluster('shell', '--name', 'one', '--', 'kubectl', ...args).ended;
    expect((await kubectl('run', pod, '--image=app:v1')).code).toBe(0);
    expect(await kubectl('wait', '--for=condition=Ready', `pod/${pod}`, '--timeout=30s')).toMatchObject({
      code: 0,
    });
    expect(processesWithEnvironment('HOSTNAME', pod)).not.toEqual([]);
    expect((await cluster('down', '--name', 'one').ended).code).toBe(0);
    await noneLeft();
    await eventually(() => (processesWithEnvironment('HOSTNAME', pod).length === 0 ? true : null), 5000);
  });

  test('a shell that started its cluster ends it', async () => {
    const { code, stdout } = await cluster(
      'shell',
      '--',
      'kubectl',
      'get',
      'namespace',
      'default',
      '-o',
      'name',
    ).ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'namespace/default\n' });
    await noneLeft();
  });

  test('Ctrl-C during the start leaves nothing', async () => {
    const { child, ended } = cluster('up', '--name', 'cut');
    await eventually(() =>
      processes().some((line) => line.includes('/cut/') && line.includes('kube-apiserver')) ? true : null,
    );
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 130, stdout: '', stderr: '' });
    await noneLeft();
    expect(readdirSync(state).filter((name) => name === 'cut')).toEqual([]);
  });

  test('a keeper that is killed takes all with it', async () => {
    expect((await cluster('up', '--name', 'killed').ended).code).toBe(0);
    const { keeper } = JSON.parse(readFileSync(join(state, 'killed', 'state.json'), 'utf8')) as {
      keeper: { pid: number };
    };
    process.kill(keeper.pid, 'SIGKILL');
    await noneLeft();
    expect((await cluster('down', '--name', 'killed').ended).stderr).toBe('no cluster killed is up\n');
    expect((await cluster('up', '--name', 'killed').ended).code).toBe(0);
    expect((await cluster('down', '--name', 'killed').ended).code).toBe(0);
    await noneLeft();
  });

  test('says how it is used', async () => {
    const { code, stderr } = await cluster('sideways').ended;
    expect(code).toBe(2);
    expect(stderr).toContain('usage: npm run cluster -- up | down | shell');
    expect((await cluster('up', '--name', '../x').ended).stderr).toContain('--name ../x is no name');
    expect((await cluster('up', '--sideways').ended).code).toBe(2);
  });
});
