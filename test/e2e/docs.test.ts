import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { moved, pageScript, type Ports } from '../docs/page-script.ts';
import { root, writtenPages } from '../docs/pages.ts';
import { freePort } from './sluice.ts';

/** Whatever a page shows is over by then. */
const limitMs = 150_000;

interface Ran {
  readonly exit: number | null;
  /** Both streams as they came. */
  readonly output: string;
}

for (const page of writtenPages()) {
  if (pageScript(page, { service: 0, loadtester: 0 }) === '') continue;
  test(`${page.path}: every command does what the page says`, async () => {
    const ports = { service: await freePort(), loadtester: await freePort() };
    await using sandbox = await Sandbox.create(ports);
    const ran = await sandbox.bash(pageScript(page, ports), limitMs);
    expect(ran.exit, ran.output).toBe(0);
  }, 180_000);
}

/** A machine with the command installed: a home, a state directory, and the example in the folder `shop`. */
class Sandbox implements AsyncDisposable {
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#env = {
      PATH: [join(folder, 'bin'), dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
      HOME: folder,
      USER: 'ada',
      LANG: 'C.UTF-8',
      SLUICE_STATE: join(folder, 'state'),
      SLUICE_PROXY_WORKERS: '2',
    };
  }

  static async create(ports: Ports): Promise<Sandbox> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'sluice-docs-')));
    await cp(join(root, 'examples/shop'), join(folder, 'shop'), { recursive: true });
    const manifest = join(folder, 'shop/sluice.yaml');
    await writeFile(manifest, moved(await readFile(manifest, 'utf8'), ports));
    await mkdir(join(folder, 'bin'));
    await writeFile(join(folder, 'bin/sluice'), launcher(ports));
    await chmod(join(folder, 'bin/sluice'), 0o755);
    return new Sandbox(folder);
  }

  bash(script: string, limit: number): Promise<Ran> {
    return new Promise((resolve) => {
      const child = spawn('bash', ['-c', script], {
        cwd: join(this.#folder, 'shop'),
        env: this.#env,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      let output = '';
      const keep = (part: Buffer): void => void (output += part.toString('utf8'));
      child.stdout.on('data', keep);
      child.stderr.on('data', keep);
      const timer = setTimeout(() => endGroup(child.pid), limit);
      // Not `close`: a load in the background holds the streams open.
      child.once('exit', (exit) => {
        clearTimeout(timer);
        endGroup(child.pid);
        resolve({ exit, output });
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bash('sluice down', 30_000);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** What the script started and did not end; the engine and what it starts are in groups of their own. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing is left.
  }
}

/** The command, but for what never ends by itself, and for the manifest of `init`, which is moved as the page is. */
function launcher(ports: Ports): string {
  const run = `'${process.execPath}' '${join(root, 'src/main/sluice.ts')}' "$@"`;
  const edit = ['\\b8080\\b', '\\b([0-9]+)m\\b', 'interval: 10s']
    .map((pattern, index) => `-e 's/${pattern}/${[ports.service, '\\1s', 'interval: 1s'][index]}/g'`)
    .join(' ');
  return `#!/bin/sh
case "$1" in
watch) timeout 3 ${run}; exit 0 ;;
init) ${run} && sed -E -i ${edit} "\${2:-.}/sluice.yaml" ;;
*) exec ${run} ;;
esac
`;
}
