import { parseHeyArguments } from '../hooks/load-plan.ts';
import { runLoad } from '../hooks/load.ts';
import { reportLine } from '../hooks/loadtester.ts';
import type { SteadyLoadOptions } from '../cli/host.ts';
import { SluiceError } from '../lib/error.ts';

/** `sluice load`: the generator of the load tester by hand. Exit 1 if a request had no answer. */
export async function load(args: readonly string[]): Promise<number> {
  const plan = parseHeyArguments(args);
  if (!plan.ok) {
    throw new SluiceError({
      code: 'usage',
      message: plan.error,
      cure: 'For example: sluice load -z 30s -q 10 -c 2 http://127.0.0.1:8080/',
    });
  }
  const end = new AbortController();
  const stop = (): void => end.abort();
  process.once('SIGINT', stop);
  const report = await runLoad(plan.value, { signal: end.signal });
  process.off('SIGINT', stop);
  process.stdout.write(`${reportLine(report)}\n`);
  return report.failed > 0 ? 1 : 0;
}

/** Ten clients with a connection each share the rate. */
const steadyClients = 10;

export async function steadyLoad({ perSecond, url, ...options }: SteadyLoadOptions): Promise<void> {
  await runLoad(
    {
      url,
      method: 'GET',
      headers: {},
      body: null,
      requests: null,
      durationMs: null,
      concurrency: steadyClients,
      ratePerWorker: perSecond / steadyClients,
      timeoutMs: 20_000,
      keepAlive: true,
    },
    options,
  );
}
