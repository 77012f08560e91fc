import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

const source = [join(import.meta.dirname, '../../src/main/sluice.ts')];

/** The command as a user runs it, from source or from `entry`, against a state directory of its own. */
export class Sluice {
  readonly folder: string;
  readonly state: string;
  readonly #entry: readonly string[];

  private constructor(folder: string, entry: readonly string[]) {
    this.folder = folder;
    this.state = join(folder, 'state');
    this.#entry = entry;
  }

  static async create(entry: readonly string[] = source): Promise<Sluice> {
    return new Sluice(await mkdtemp(join(tmpdir(), 'sluice-e2e-')), entry);
  }

  run(...args: readonly string[]): Promise<Ran> {
    return new Promise((resolve) => {
      const options = { cwd: this.folder, env: this.env(), timeout: 120_000, maxBuffer: 64 * 1024 * 1024 };
      execFile(process.execPath, [...this.#entry, ...args], options, (error, out, err) => {
        const exit = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ exit, out, err });
      });
    });
  }

  /** Started and left running; its signals are the test's. */
  start(...args: readonly string[]): ReturnType<typeof spawn> {
    return spawn(process.execPath, [...this.#entry, ...args], {
      cwd: this.folder,
      env: this.env(),
      stdio: 'ignore',
      detached: true,
    });
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(join(this.folder, name), text);
  }

  /** Stops whatever still runs and removes everything. */
  async remove(): Promise<void> {
    await this.run('down');
    await rm(this.folder, { recursive: true, force: true });
  }

  private env(): NodeJS.ProcessEnv {
    return { ...process.env, SLUICE_STATE: this.state, CI: '', NO_COLOR: '1', SLUICE_PROXY_WORKERS: '2' };
  }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** An application whose version says what it answers; `bad` fails every request but the probe's. */
export const application = `import { createServer } from 'node:http';
const version = process.env.VERSION;
createServer((request, response) => {
  if (version === 'bad' && request.url !== '/ready') response.statusCode = 500;
  response.end(version);
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening as', version));
process.on('SIGTERM', () => process.exit(0));
`;

/** Two steps of a second each, judged every 500 ms. */
export function manifest(port: number, version = 'v1'): string {
  return `apiVersion: sluice.dev/v1alpha1
kind: Process
metadata: { name: web }
spec:
  command: [${process.execPath}, app.mjs]
  env: { VERSION: ${version} }
  replicas: 2
  readinessProbe: { httpGet: { path: /ready }, periodSeconds: 1 }
  terminationGracePeriodSeconds: 5
---
apiVersion: sluice.dev/v1alpha1
kind: Canary
metadata: { name: web }
spec:
  targetRef: { kind: Process, name: web }
  service: { port: ${port} }
  promotion: rolling
  analysis:
    interval: 1s
    threshold: 2
    steps:
      - { weight: 25, duration: 2s }
      - { weight: 50, duration: 2s }
    metrics:
      - name: request-success-rate
        thresholdRange: { min: 99 }
        interval: 2s
`;
}

/** One request after the other until told to stop; how many failed, and what the others said. */
export function traffic(port: number): {
  stop(): Promise<{ readonly failed: number; readonly byBody: Readonly<Record<string, number>> }>;
} {
  let running = true;
  let failed = 0;
  const byBody: Record<string, number> = {};
  const loop = async (): Promise<void> => {
    while (running) {
      try {
        const response = await fetch(`http://127.0.0.1:${port}/`);
        const body = `${response.status} ${await response.text()}`;
        byBody[body] = (byBody[body] ?? 0) + 1;
      } catch {
        failed += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const loops = Array.from({ length: 4 }, loop);
  return {
    stop: async () => {
      running = false;
      await Promise.all(loops);
      return { failed, byBody };
    },
  };
}
