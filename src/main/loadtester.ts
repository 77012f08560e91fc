import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceClient } from '../client/client.ts';
import type { LoadtesterOptions } from '../cli/host.ts';
import { startLoadtester } from '../hooks/loadtester.ts';
import { toSluiceError } from '../lib/error.ts';
import { nextStop } from './signals.ts';

/** An engine that was restarted may have given its services other ports. */
const refreshMs = 2_000;

/** `sluice loadtester`: answers until a signal; its names lead here while it runs, if an engine does. */
export async function loadtester(options: LoadtesterOptions): Promise<number> {
  await mkdir(options.state, { recursive: true, mode: 0o700 });
  const say = (message: string): void => void process.stderr.write(`${message}\n`);
  const client = SluiceClient.of(options.state, { actor: 'person:loadtester' });
  const addresses = new Map<string, string>();
  const refresh = async (): Promise<void> => {
    // Without an engine what was known goes on: its proxy may serve without it.
    for (const { name, url } of (await client.names().catch(() => null))?.names ?? [])
      addresses.set(name, new URL(url).host);
  };
  await refresh();
  const timer = setInterval(() => void refresh(), refreshMs);
  const tester = await startLoadtester({
    host: options.host,
    port: options.port,
    stateFile: join(options.state, 'gates.json'),
    allowed: options.allowed,
    resolveName: (name) => addresses.get(name) ?? null,
    log: say,
  });
  const url = `http://${options.host}:${tester.port}`;
  process.stdout.write(`${url}\n`);
  for (const name of options.names) {
    try {
      await client.registerName({ name, url });
      say(`${name} leads here`);
    } catch (thrown) {
      say(`${name} could not be registered: ${toSluiceError(thrown, 'internal').message}`);
    }
  }
  await nextStop();
  clearInterval(timer);
  for (const name of options.names) await client.removeName(name).catch(() => undefined);
  await tester.close();
  return 0;
}
