import { FakeApiServer } from '../../fakes/apiserver/api-server.ts';
import { inProcessClient } from '../../fakes/apiserver/in-process-client.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { recordTrace } from './scene.ts';
import { script } from './script.ts';
import type { Trace } from './trace.ts';

/** What the fake makes of the script, in virtual time. */
export async function traceOfFake(): Promise<Trace> {
  const clock = new VirtualClock();
  const client = inProcessClient(new FakeApiServer({ clock }));
  return recordTrace(
    { client, wait: (forMs) => clock.runFor(forMs), settle: () => Promise.resolve() },
    script,
  );
}
