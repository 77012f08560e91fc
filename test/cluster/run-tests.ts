/**
 * `npm run test:cluster`: builds the control plane if need be, then runs the suite in a network namespace of its own, where pods have
 * addresses. Arguments go to vitest.
 */
import { join } from 'node:path';
import { goVersion } from './build.ts';
import { inNewNetwork, runInTerminal } from './network.ts';
import { programsToRun } from './programs.ts';

const existing = process.env['USE_EXISTING_CLUSTER'] === 'true';
const log = (line: string): void => console.log(line);

async function main(): Promise<number> {
  const given = existing || (process.env['KUBEBUILDER_ASSETS'] ?? '') !== '';
  if (!given && (await goVersion()) === null) {
    log(
      'cluster suite skipped: Go 1.26 or newer is not here to build a control plane, and KUBEBUILDER_ASSETS names none',
    );
    log('0 passed, 0 failed');
    return 0;
  }
  if (!existing) await programsToRun({ log });
  const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
  const command = [process.execPath, vitest, 'run', '--project', 'cluster', ...process.argv.slice(2)];
  // An existing cluster is reached as the machine reaches it.
  if (existing) return runInTerminal(command, {});
  const network = inNewNetwork(command);
  if (network === null) {
    log('no network namespace: pods have no addresses of their own here, and what needs them is left out');
    return runInTerminal(command, {});
  }
  return runInTerminal(network.command, network.env);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error('0 passed, 1 failed');
  process.exitCode = 1;
}
