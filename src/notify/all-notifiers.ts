import type { Notifier, ServiceKey } from '../engine/ports.ts';
import type { NotifyEffect } from './log-notifier.ts';

/** Every channel gets every notification. */
export class AllNotifiers implements Notifier {
  readonly #notifiers: readonly Notifier[];

  constructor(notifiers: readonly Notifier[]) {
    this.#notifiers = notifiers;
  }

  notify(key: ServiceKey, effect: NotifyEffect): void {
    for (const notifier of this.#notifiers) notifier.notify(key, effect);
  }
}
