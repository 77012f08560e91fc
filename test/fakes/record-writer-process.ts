/** Writes a Canary and two events a transaction until it is killed; prints each version whose write was answered. */
import { exampleCanary, exampleEvent } from './examples.ts';
import { monotonicClock } from '../../src/engine/clock.ts';
import { openRecord } from '../../src/record/open.ts';

const directory = process.argv[2] ?? '';
const { store } = await openRecord({ directory, clock: monotonicClock(0), log: () => {} });
const { canaries } = await store.load();
for (let version = (canaries[0]?.version ?? 0) + 1; ; version += 1) {
  const events = [exampleEvent({ id: `${version}/a` }), exampleEvent({ id: `${version}/b` })];
  await store.write({ canaries: [exampleCanary({ version })], events });
  process.stdout.write(`${version}\n`);
}
