import type { Clock, Notifier, ServiceKey } from '../engine/ports.ts';
import type { NotifyEffect } from './log-notifier.ts';

/** What is posted: Slack's incoming webhooks read `text`, everything else may read the rest. */
export interface WebhookMessage {
  /** Of the effect: who gets a message twice can tell by it. */
  readonly id: string;
  readonly text: string;
  readonly service: string;
  readonly severity: NotifyEffect['severity'];
  readonly atMs: number;
}

export interface WebhookNotifierOptions {
  /** For the log; never the address, which holds a secret with most receivers. */
  readonly name: string;
  readonly minSeverity: NotifyEffect['severity'];
  /** POSTs JSON; rejects where the answer was not 2xx. Brings its own time limit and egress rules. */
  readonly send: (body: string, idempotencyKey: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: (level: 'warn', message: string) => void;
}

const rank: Readonly<Record<NotifyEffect['severity'], number>> = { info: 0, warn: 1, error: 2 };
const attempts = 6;
const firstPauseMs = 1_000;
/** A receiver that is down for long must not fill the memory: beyond this the oldest message is dropped, and that is said. */
const maxWaiting = 1_000;
/** Ids that were accepted, so that the repeat of an effect sends nothing twice. */
const maxKnown = 10_000;

/**
 * Posts notifications to one address, one after the other, from an outbox in memory: at least once while the process lives.
 * Nothing waits for it. A message that fails is tried again with growing pauses, then given up and logged.
 */
export class WebhookNotifier implements Notifier {
  readonly #options: WebhookNotifierOptions;
  readonly #known = new Set<string>();
  #waiting: WebhookMessage[] = [];
  #running: Promise<void> | null = null;

  constructor(options: WebhookNotifierOptions) {
    this.#options = options;
  }

  notify(key: ServiceKey, effect: NotifyEffect): void {
    if (rank[effect.severity] < rank[this.#options.minSeverity] || this.#known.has(effect.id)) return;
    this.#remember(effect.id);
    const { clock, log, name } = this.#options;
    const message = {
      id: effect.id,
      text: `${key}: ${effect.message}`,
      service: key,
      severity: effect.severity,
      atMs: clock.nowMs(),
    };
    this.#waiting.push(message);
    if (this.#waiting.length > maxWaiting) {
      const dropped = this.#waiting.shift();
      log('warn', `${name} is behind; a message was dropped: ${dropped?.text}`);
    }
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #drain(): Promise<void> {
    for (let message = this.#waiting.shift(); message !== undefined; message = this.#waiting.shift()) {
      await this.#deliver(message);
    }
  }

  async #deliver(message: WebhookMessage): Promise<void> {
    const { send, log, name } = this.#options;
    const body = JSON.stringify(message);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await send(body, message.id);
        return;
      } catch (thrown) {
        if (attempt >= attempts) {
          const why = thrown instanceof Error ? thrown.message : String(thrown);
          log('warn', `${name} did not take a message after ${attempts} attempts (${why}): ${message.text}`);
          return;
        }
      }
      await this.#pause(firstPauseMs * 2 ** (attempt - 1));
    }
  }

  #pause(durationMs: number): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      clock.at(clock.nowMs() + durationMs, resolve);
    });
  }

  #remember(id: string): void {
    this.#known.add(id);
    if (this.#known.size <= maxKnown) return;
    for (const oldest of this.#known) {
      this.#known.delete(oldest);
      return;
    }
  }
}
