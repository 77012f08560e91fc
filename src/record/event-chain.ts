import { createHash } from 'node:crypto';
import type { RecordEvent, RecordedEvent } from '../engine/ports.ts';
import { canonicalJson } from '../lib/canonical-json.ts';

/** Hash before the first event. */
export const chainStart = '0'.repeat(64);

/** SHA-256, hex, of the canonical JSON (RFC 8785) of a record without its `hash`. */
export function hashOf(unsealed: Omit<RecordedEvent, 'hash'>): {
  readonly body: string;
  readonly hash: string;
} {
  const body = canonicalJson(unsealed);
  return { body, hash: createHash('sha256').update(body).digest('hex') };
}

/** The next record of the chain: its hash covers the event, its place, and through `previousHash` all before it. */
export function seal(
  event: RecordEvent,
  previous: { readonly sequence: number; readonly hash: string } | null,
): { readonly recorded: RecordedEvent; readonly body: string } {
  const unsealed = {
    ...event,
    sequence: (previous?.sequence ?? 0) + 1,
    previousHash: previous?.hash ?? chainStart,
  };
  const { body, hash } = hashOf(unsealed);
  return { recorded: { ...unsealed, hash }, body };
}
