import type { Notifier, ServiceKey } from '../../src/engine/ports.ts';

/** Remembers what it was told; throws while `isBroken`. */
export class FakeNotifier implements Notifier {
  readonly told: { readonly key: ServiceKey; readonly id: string; readonly message: string }[] = [];
  isBroken: () => boolean = () => false;

  notify(key: ServiceKey, effect: { readonly id: string; readonly message: string }): void {
    if (this.isBroken()) throw new Error('the notifier is broken');
    this.told.push({ key, id: effect.id, message: effect.message });
  }
}
