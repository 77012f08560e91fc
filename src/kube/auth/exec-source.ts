import type { Clock } from '../clock.ts';
import type { ExecPlugin } from '../config/cluster-config.ts';
import type { Credential, CredentialSource } from './credential.ts';
import { type ExecCredential, parseExecCredential } from './exec-credential.ts';

/** A credential is renewed so long before its end, or a tenth of its life before it where that is shorter. */
const leadMs = 30_000;
/** After a failure every call would start the plugin anew; they share that answer for so long. */
const failureMs = 1_000;

/**
 * Credentials of an exec plugin. As client-go: kept until `expirationTimestamp` (without one until a 401), the plugin runs once for all
 * callers that wait. Unlike it, renewed a little before the end, and the call that got the 401 is repeated with the new one.
 */
export class ExecSource implements CredentialSource {
  readonly description: string;
  readonly #plugin: ExecPlugin;
  readonly #clock: Clock;
  readonly #run: () => Promise<string>;
  #held: (ExecCredential & { readonly obtainedAtMs: number }) | null = null;
  #running: Promise<Credential> | null = null;
  #failure: { readonly thrown: unknown; readonly atMs: number } | null = null;

  /** `run` resolves to what the plugin printed. */
  constructor(plugin: ExecPlugin, clock: Clock, run: () => Promise<string>) {
    this.description = `the exec plugin ${plugin.command}`;
    this.#plugin = plugin;
    this.#clock = clock;
    this.#run = run;
  }

  async current(): Promise<Credential> {
    const held = this.#held;
    if (held !== null && !this.#isDue(held)) return held.credential;
    const failure = this.#failure;
    if (failure !== null && this.#clock.nowMs() - failure.atMs < failureMs) throw failure.thrown;
    this.#running ??= this.#renew().finally(() => {
      this.#running = null;
    });
    return await this.#running;
  }

  async renew(rejected: Credential): Promise<boolean> {
    if (this.#held?.credential === rejected) this.#held = null;
    await this.current();
    return true;
  }

  async #renew(): Promise<Credential> {
    try {
      const next = parseExecCredential(this.#plugin, await this.#run());
      this.#held = { ...next, obtainedAtMs: this.#clock.wallMs() };
      this.#failure = null;
      return next.credential;
    } catch (thrown) {
      this.#failure = { thrown, atMs: this.#clock.nowMs() };
      throw thrown;
    }
  }

  #isDue({ expiresAtMs, obtainedAtMs }: ExecCredential & { readonly obtainedAtMs: number }): boolean {
    if (expiresAtMs === null) return false;
    const early = Math.min(leadMs, Math.max(0, expiresAtMs - obtainedAtMs) / 10);
    return this.#clock.wallMs() >= expiresAtMs - early;
  }
}
