import { readFile } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import { configurationError, fileProblem } from '../config/configuration-error.ts';
import { isHeaderSafe } from '../config/identity.ts';
import type { Report } from '../report.ts';
import { ReportOnce } from '../transport/report-once.ts';
import type { Credential, CredentialSource } from './credential.ts';

/**
 * A token that the kubelet or an agent replaces. As client-go: read again after a while (there 60 s), and where that fails the last good
 * one stays in use and it is reported. Beyond it: a 401 reads at once, and the call is repeated if the token is another one.
 */
export class TokenFile implements CredentialSource {
  readonly description: string;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #rereadMs: number;
  readonly #report: ReportOnce;
  #credential: Credential | null = null;
  #readAtMs = 0;

  constructor(path: string, clock: Clock, rereadMs: number, report: Report) {
    this.description = `the token file ${path}`;
    this.#path = path;
    this.#clock = clock;
    this.#rereadMs = rereadMs;
    this.#report = new ReportOnce(report, this.description);
  }

  async current(): Promise<Credential> {
    const held = this.#credential;
    if (held !== null && this.#clock.nowMs() - this.#readAtMs < this.#rereadMs) return held;
    return await this.#read();
  }

  async renew(rejected: Credential): Promise<boolean> {
    const next = await this.#read();
    return next.authorization !== rejected.authorization;
  }

  async #read(): Promise<Credential> {
    this.#readAtMs = this.#clock.nowMs();
    try {
      const authorization = `Bearer ${await readToken(this.#path)}`;
      if (this.#credential?.authorization !== authorization)
        this.#credential = { authorization, certificate: null };
      this.#report.forget();
      return this.#credential;
    } catch (thrown) {
      if (this.#credential === null) throw thrown;
      this.#report.tell(thrown);
      return this.#credential;
    }
  }
}

async function readToken(path: string): Promise<string> {
  let token: string;
  try {
    token = (await readFile(path, 'utf8')).trim();
  } catch (thrown) {
    throw configurationError(
      `the token file ${path} ${fileProblem(thrown)}; correct its path or write the token there`,
      thrown,
    );
  }
  if (token === '') throw configurationError(`the token file ${path} is empty; write the token there`);
  if (!isHeaderSafe(token))
    throw configurationError(
      `the token file ${path} holds something else than one token; write only the token there`,
    );
  return token;
}
