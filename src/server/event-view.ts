import type { RecordedEvent } from '../engine/ports.ts';
import type { EventView } from '../resource/view.ts';

export function eventView(event: RecordedEvent): EventView {
  return {
    sequence: event.sequence,
    id: event.id,
    atMs: event.atMs,
    service: event.key,
    rollout: event.rollout,
    kind: event.kind,
    actor: event.actor,
    message: event.message,
    data: event.data,
  };
}
