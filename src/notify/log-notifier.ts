import type { Notifier, ServiceKey } from '../engine/ports.ts';
import type { Effect } from '../rollout/effect.ts';

export type NotifyEffect = Extract<Effect, { readonly kind: 'notify' }>;

/** One line for each notification in the engine's log. */
export class LogNotifier implements Notifier {
  readonly #log: (level: NotifyEffect['severity'], message: string) => void;

  constructor(log: (level: NotifyEffect['severity'], message: string) => void) {
    this.#log = log;
  }

  notify(key: ServiceKey, effect: NotifyEffect): void {
    this.#log(effect.severity, `${key}: ${effect.message}`);
  }
}
