import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceClient } from '../client/client.ts';
import type { LoadtesterOptions } from '../cli/host.ts';
import { startLoadtester } from '../hooks/loadtester.ts';
import { toSluiceError } from '../lib/error.ts';
import { nextStop } from './signals.ts';

/** `sluice loadtester`: answers until a signal; its names lead here while it runs, if an engine does. */
export async function loadtester(options: LoadtesterOptions): Promise<number> {
  await mkdir(options.state, { recursive: true, mode: 0o700 });
  const say = (message: string): void => void process.stderr.write(`${message}\n`);
  const tester = await startLoadtester({
    host: options.host,
    port: options.port,
    stateFile: join(options.state, 'gates.json'),
    allowed: options.allowed,
    log: say,
  });
  const url = `http://${options.host}:${tester.port}`;
  process.stdout.write(`${url}\n`);
  const client = SluiceClient.of(options.state, { actor: 'person:loadtester' });
  for (const name of options.names) {
    try {
      await client.registerName({ name, url });
      say(`${name} leads here`);
    } catch (thrown) {
      say(`${name} could not be registered: ${toSluiceError(thrown, 'internal').message}`);
    }
  }
  await nextStop();
  for (const name of options.names) await client.removeName(name).catch(() => undefined);
  await tester.close();
  return 0;
}
