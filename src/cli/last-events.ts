import type { SluiceClient } from '../client/client.ts';
import type { EventView } from '../resource/view.ts';

const page = 1_000;

/** The newest `limit` events of a service, oldest first. The API pages forward, so all pages are read. */
export async function lastEvents(
  client: SluiceClient,
  key: string,
  limit: number,
): Promise<readonly EventView[]> {
  let kept: EventView[] = [];
  for (let after = 0; ; ) {
    const { events } = await client.events({ key, after, limit: page });
    kept = [...kept, ...events].slice(-limit);
    const last = events.at(-1);
    if (last === undefined || events.length < page) return kept;
    after = last.sequence;
  }
}
