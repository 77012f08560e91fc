import type { EventQuery, RecordedEvent, Recorder } from '../engine/ports.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { chainStart, hashOf } from './event-chain.ts';

export type ChainResult =
  | {
      readonly kind: 'ok';
      readonly events: number;
      readonly firstSequence: number | null;
      readonly lastSequence: number | null;
      /** Keep it elsewhere: whoever owns the file can rebuild a chain, but not to a hash that others hold. */
      readonly lastHash: string | null;
    }
  | {
      readonly kind: 'broken';
      readonly line: number;
      readonly sequence: number | null;
      readonly why: string;
    };

/** A record that is known to belong to the chain, such as the `lastSequence` and `lastHash` of an earlier check. */
export interface Anchor {
  readonly sequence: number;
  readonly hash: string;
}

const pageSize = 500;

/** An export: one record a line, canonical JSON, in sequence. Filtered by key or rollout it is for reading, not for `verifyChain`. */
export async function* exportEvents(
  recorder: Pick<Recorder, 'events'>,
  query: EventQuery = {},
): AsyncGenerator<string> {
  let afterSequence = query.afterSequence ?? 0;
  let left = query.limit ?? Number.POSITIVE_INFINITY;
  while (left > 0) {
    const page = await recorder.events({ ...query, afterSequence, limit: Math.min(pageSize, left) });
    for (const event of page) yield canonicalJson(event);
    const last = page.at(-1);
    if (last === undefined) return;
    afterSequence = last.sequence;
    left -= page.length;
  }
}

/**
 * Re-hashes an export, offline: every record's hash, that it names the hash before it, and that no sequence is missing. An
 * export may begin later than at 1. Records cut off at the end are seen only with an `anchor`.
 */
export async function verifyChain(
  lines: Iterable<string> | AsyncIterable<string>,
  anchor: Anchor | null = null,
): Promise<ChainResult> {
  let previous: RecordedEvent | null = null;
  let [line, events] = [0, 0];
  let firstSequence: number | null = null;
  let anchored = anchor === null;
  for await (const text of lines) {
    line += 1;
    if (text.trim() === '') continue;
    const record = readRecord(text);
    if (record === null)
      return { kind: 'broken', line, sequence: null, why: 'this is not a record of an audit export' };
    const why = brokenBecause(record, previous) ?? contradicts(record, anchor);
    if (why !== null) return { kind: 'broken', line, sequence: record.sequence, why };
    anchored ||= record.sequence === anchor?.sequence;
    firstSequence ??= record.sequence;
    previous = record;
    events += 1;
  }
  if (!anchored) {
    const why = `record ${anchor?.sequence}, which is known to exist, is missing at the end`;
    return { kind: 'broken', line, sequence: previous?.sequence ?? null, why };
  }
  return {
    kind: 'ok',
    events,
    firstSequence,
    lastSequence: previous?.sequence ?? null,
    lastHash: previous?.hash ?? null,
  };
}

function readRecord(text: string): RecordedEvent | null {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return null;
    const { sequence, previousHash, hash } = parsed as Readonly<Record<string, unknown>>;
    const whole = Number.isInteger(sequence) && typeof previousHash === 'string' && typeof hash === 'string';
    return whole ? (parsed as RecordedEvent) : null;
  } catch {
    return null;
  }
}

function brokenBecause(record: RecordedEvent, previous: RecordedEvent | null): string | null {
  const { hash, ...unsealed } = record;
  const before = previous?.hash ?? (record.sequence === 1 ? chainStart : record.previousHash);
  if (previous !== null && record.sequence !== previous.sequence + 1) {
    return `it follows record ${previous.sequence}: records between them are missing or out of order`;
  }
  if (record.previousHash !== before) return 'it does not name the hash of the record before it';
  return hashOf(unsealed).hash === hash ? null : 'its content does not match its hash';
}

function contradicts(record: RecordedEvent, anchor: Anchor | null): string | null {
  if (anchor === null || record.sequence !== anchor.sequence || record.hash === anchor.hash) return null;
  return 'its hash is not the one that is known for it: the chain was rebuilt';
}
