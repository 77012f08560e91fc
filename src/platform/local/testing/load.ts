import { Agent, get } from 'node:http';

/** A steady load with and without keep-alive; counts what was answered by whom, and what was not answered. */
export class Load {
  readonly answers = new Map<string, number>();
  readonly failures: string[] = [];
  readonly #port: number;
  readonly #path: string;
  #running = true;
  readonly #clients: readonly Promise<void>[];

  constructor(port: number, clients = 4, path = '/') {
    this.#port = port;
    this.#path = path;
    this.#clients = Array.from({ length: clients }, (_, index) => this.#client(index % 2 === 0));
  }

  get requests(): number {
    return this.failures.length + [...this.answers.values()].reduce((sum, count) => sum + count, 0);
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#clients);
  }

  async #client(keepAlive: boolean): Promise<void> {
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    while (this.#running) {
      try {
        const version = (await this.#ask(agent)).split(' ')[0] ?? '';
        this.answers.set(version, (this.answers.get(version) ?? 0) + 1);
      } catch (thrown) {
        this.failures.push(thrown instanceof Error ? thrown.message : String(thrown));
      }
    }
    agent.destroy();
  }

  #ask(agent: Agent): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = get({ host: '127.0.0.1', port: this.#port, path: this.#path, agent }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          body += part;
        });
        response.on('end', () =>
          response.statusCode === 200 ? resolve(body) : reject(new Error(`${response.statusCode} ${body}`)),
        );
        response.on('error', reject);
      });
      request.on('error', reject);
    });
  }
}
