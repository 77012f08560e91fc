import { join } from 'node:path';
import { SluiceClient } from '../client/client.ts';
import type { LoadtesterOptions } from '../cli/host.ts';
import { startLoadtester } from '../hooks/loadtester.ts';
import { toSluiceError } from '../lib/error.ts';
import { nextStop } from './signals.ts';
import { makeStateDirectory } from './state-directory.ts';

/** An engine may start later than the load tester, and a service may get other ports. */
const refreshMs = 2_000;

/** `sluice loadtester`: answers until a signal; its names lead here while it runs, as soon as an engine does. */
export async function loadtester(options: LoadtesterOptions): Promise<number> {
  await makeStateDirectory(options.state);
  const say = (message: string): void => void process.stderr.write(`${message}\n`);
  const client = SluiceClient.of(options.state, { actor: 'person:loadtester' });
  const addresses = new Map<string, string>();
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
  const names = new Names(client, url, options.names, addresses, say);
  await names.refresh();
  const timer = setInterval(() => void names.refresh(), refreshMs);
  await nextStop();
  clearInterval(timer);
  for (const name of options.names) await client.removeName(name).catch(() => undefined);
  await tester.close();
  return 0;
}

/** Keeps its own names known to the engine, and the services' addresses known here. */
class Names {
  readonly #client: SluiceClient;
  readonly #url: string;
  readonly #own: readonly string[];
  readonly #addresses: Map<string, string>;
  readonly #say: (message: string) => void;
  /** What went wrong last: said once. */
  #trouble = '';

  constructor(
    client: SluiceClient,
    url: string,
    own: readonly string[],
    addresses: Map<string, string>,
    say: (message: string) => void,
  ) {
    this.#client = client;
    this.#url = url;
    this.#own = own;
    this.#addresses = addresses;
    this.#say = say;
  }

  /** Without an engine what was known goes on: its proxy may serve without it. */
  async refresh(): Promise<void> {
    try {
      const { names } = await this.#client.names();
      for (const { name, url } of names) this.#addresses.set(name, new URL(url).host);
      for (const name of this.#own) {
        if (names.some((entry) => entry.name === name && entry.url === this.#url)) continue;
        await this.#client.registerName({ name, url: this.#url });
        this.#say(`${name} leads here`);
      }
      this.#trouble = '';
    } catch (thrown) {
      const trouble = toSluiceError(thrown, 'internal').message;
      if (trouble !== this.#trouble) this.#say(`the engine was not asked for names: ${trouble}`);
      this.#trouble = trouble;
    }
  }
}
