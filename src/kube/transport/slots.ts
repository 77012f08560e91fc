import type { CallScope } from './call-scope.ts';

/** At most so many calls at once, the others wait in order. client-go limits calls a second instead; the API server does that itself. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves to the function that gives the slot back. Rejects with the scope's reason if that ends first. */
  async take(scope: CallScope): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else {
      let granted = (): void => {};
      const turn = new Promise<void>((resolve) => {
        granted = resolve;
      });
      this.#waiting.add(granted);
      try {
        await scope.within(turn);
      } catch (thrown) {
        // Granted in the same turn as the end: the slot is ours, so it goes on to the next.
        if (!this.#waiting.delete(granted)) this.#giveBack();
        throw thrown;
      }
    }
    let given = false;
    return () => {
      if (!given) this.#giveBack();
      given = true;
    };
  }

  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}
