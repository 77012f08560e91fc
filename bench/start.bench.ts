import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { type BenchOptions, type BenchResult, quantile, round } from './bench.ts';

const root = join(import.meta.dirname, '..');

/** `npm start` until the first answered request and the first one on the canary; and the bundle's `sluice version`. */
export async function run({ quick, say }: BenchOptions): Promise<BenchResult> {
  await finished('npm', ['run', '-s', 'bundle']);
  const versions: number[] = [];
  const bare: number[] = [];
  for (let at = 0; at < (quick ? 5 : 15); at += 1) {
    versions.push(await finished(process.execPath, [join(root, 'dist/sluice.mjs'), 'version']));
    bare.push(await finished(process.execPath, ['-e', '0']));
  }
  const starts: (readonly [number, number])[] = [];
  for (let at = 0; at < (quick ? 1 : 3); at += 1) starts.push(await demoStart());
  say(`versions: ${versions.map((ms) => Math.round(ms)).join(' ')} ms`);
  return {
    figures: {
      firstByteMs: round(
        quantile(
          starts.map(([first]) => first),
          0.5,
        ),
        0,
      ),
      firstCanaryMs: round(
        quantile(
          starts.map(([, canary]) => canary),
          0.5,
        ),
        0,
      ),
      versionMs: round(quantile(versions, 0.5), 0),
    },
    against: {
      bareNodeMs: round(quantile(bare, 0.5), 0),
      limits: { firstByteMs: 5_000, firstCanaryMs: 12_000, versionMs: 200 },
    },
  };
}

/** Milliseconds of one whole process. Rejects if it fails. */
function finished(file: string, args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve(performance.now() - startedAt);
      else reject(new Error(`${file} ${args.join(' ')} ended with ${code}`));
    });
  });
}

/** Starts the demo as a newcomer does, reads when it says so, and ends it with Ctrl-C. */
async function demoStart(): Promise<readonly [firstByteMs: number, firstCanaryMs: number]> {
  const startedAt = performance.now();
  const child = spawn('npm', ['start'], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const seen = { firstByte: 0, firstCanary: 0 };
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.startsWith('v1 serves at')) seen.firstByte = performance.now() - startedAt;
    if (line.startsWith('v2 answers')) {
      seen.firstCanary = performance.now() - startedAt;
      // The terminal sends Ctrl-C to the whole foreground group.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
    }
  }
  if (seen.firstCanary === 0) throw new Error('the demo never sent a request to v2');
  return [seen.firstByte, seen.firstCanary];
}
