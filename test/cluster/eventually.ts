import { setTimeout as sleep } from 'node:timers/promises';

/** What `look` gives as soon as it is not null; what it throws counts as not yet, and is thrown at the deadline. */
export async function eventually<Found>(
  look: () => Promise<Found | null> | Found | null,
  withinMs = 30_000,
): Promise<Found> {
  const deadlineMs = Date.now() + withinMs;
  for (;;) {
    let last: unknown = new Error(`not so after ${withinMs} ms`);
    try {
      const found = await look();
      if (found !== null) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadlineMs) throw last;
    await sleep(100);
  }
}
