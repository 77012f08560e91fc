import { execFile, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants, homedir, setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { identify, isAlive, type ProcessIdentity } from '../../src/platform/local/process/identity.ts';
import { Leash } from './leash.ts';

/** The names that the one program answers to. */
export const programs = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
] as const;

export const moduleFolder = join(import.meta.dirname, 'controlplane');

const neededGo = { major: 1, minor: 26 };

/** `1.26.8` of a Go that can build the module; null: there is none, or it is too old. */
export async function goVersion(): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('go', ['env', 'GOVERSION'], {
      env: { ...process.env, GOTOOLCHAIN: 'local' },
    });
    const match = /^go(\d+)\.(\d+)/.exec(stdout.trim());
    const [major, minor] = [Number(match?.[1]), Number(match?.[2])];
    const enough = major > neededGo.major || (major === neededGo.major && minor >= neededGo.minor);
    return enough ? stdout.trim().slice(2) : null;
  } catch {
    return null;
  }
}

/** Where the programs of this module are or will be: another go.mod, go.sum or main.go, another folder. */
export function programsFolder(module = moduleFolder, cache = cacheFolder()): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'main.go']) {
    const content = readFileSync(join(module, file));
    hash.update(`${file} ${content.length}\n`).update(content);
  }
  return join(cache, hash.digest('hex').slice(0, 16));
}

export function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'sluice', 'controlplane');
}

export interface BuildOptions {
  readonly module?: string;
  readonly cache?: string;
  readonly log?: (line: string) => void;
  /** Makes the program `controlplane` at the target; `go build` unless a test says otherwise. */
  readonly compile?: (module: string, target: string) => Promise<void>;
}

/**
 * The folder of the programs, built if it is not there. It appears whole or not at all: the build goes to a folder of its own, which
 * is renamed at the end. Who comes while another builds waits for it; what a killed build left is removed by the next one.
 */
export async function ensurePrograms(options: BuildOptions = {}): Promise<string> {
  const { module = moduleFolder, cache = cacheFolder(), log = () => undefined, compile = goBuild } = options;
  const folder = programsFolder(module, cache);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const building = `${folder}.building`;
  const lock = `${folder}.lock`;
  await takeLock(lock, log);
  try {
    if (existsSync(folder)) return folder;
    rmSync(building, { recursive: true, force: true });
    mkdirSync(building);
    log(`building the control plane into ${folder}: some minutes, once`);
    await compile(module, join(building, 'controlplane'));
    for (const name of programs) symlinkSync('controlplane', join(building, name));
    renameSync(building, folder);
    return folder;
  } finally {
    rmSync(building, { recursive: true, force: true });
    rmSync(lock, { force: true });
  }
}

/** The lock is a file that names its holder; one whose holder is gone counts for nothing. */
async function takeLock(lock: string, log: (line: string) => void): Promise<void> {
  const own = `${lock}.${randomUUID()}`;
  writeFileSync(own, JSON.stringify(identify(process.pid)));
  try {
    for (let tries = 0; !link(own, lock); tries += 1) {
      if (tries === 0) log('another process builds the control plane; waiting for it');
      const holder = holderOf(lock);
      if (holder !== null && !isAlive(holder)) rmSync(lock, { force: true });
      else await sleep(200);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** A hard link appears with its content, and only if there was none. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function holderOf(lock: string): ProcessIdentity | null {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as ProcessIdentity;
  } catch {
    return null;
  }
}

/** As upstream builds it: no cgo, no symbols, no test hooks. The version is what `go.mod` requires of Kubernetes. */
async function goBuild(module: string, target: string): Promise<void> {
  const version = kubernetesVersion(module);
  const [major = '', minor = ''] = version.slice(1).split('.');
  const variables = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const stamps = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((place) =>
    Object.entries(variables).map(([name, value]) => `-X ${place}.${name}=${value}`),
  );
  const go = spawn(
    'go',
    [
      'build',
      '-mod=readonly',
      '-buildvcs=false',
      '-trimpath',
      '-tags=notest,grpcnotrace',
      `-ldflags=${['-s', '-w', ...stamps].join(' ')}`,
      '-o',
      target,
      '.',
    ],
    {
      cwd: module,
      env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOTOOLCHAIN: 'local' },
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    },
  );
  // Minutes of all cores: whatever else the machine does goes first.
  if (go.pid !== undefined) setPriority(go.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  const leash = new Leash();
  leash.hold([go.pid === undefined ? null : -go.pid]);
  const code = await new Promise((resolve) => {
    go.once('error', (error) => resolve(error.message));
    go.once('exit', (exitCode, signal) => resolve(exitCode ?? signal));
  });
  await leash.release();
  if (code !== 0) throw new Error(`go build of ${module} ended with ${String(code)}`);
}

/** `v1.37.2`. */
export function kubernetesVersion(module = moduleFolder): string {
  const match = /^\s*k8s\.io\/kubernetes (v\d+\.\d+\.\S+)/m.exec(
    readFileSync(join(module, 'go.mod'), 'utf8'),
  );
  if (match?.[1] === undefined) throw new Error(`${module}/go.mod requires no k8s.io/kubernetes`);
  return match[1];
}
