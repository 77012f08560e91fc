import { createParser } from 'eventsource-parser';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError, toSluiceError } from '../lib/error.ts';
import type { StreamMessage } from '../resource/view.ts';
import type { Transport } from './transport.ts';

/** What a live view gets: the stream's messages, and word of a connection that broke. */
export type LiveUpdate = StreamMessage | { readonly type: 'reconnecting'; readonly error: SluiceError };

export interface LiveOptions {
  /** Only this service. */
  readonly service?: string;
  /** Events after this one are sent first. */
  readonly afterSequence?: number;
  readonly signal: AbortSignal;
  /** How long a broken connection is tried again before it is an error. */
  readonly patienceMs?: number;
  /** Silence after which a connection counts as broken; the server pings every 15 s. */
  readonly silenceMs?: number;
}

const messageTypes: ReadonlySet<string> = new Set(['snapshot', 'service', 'gone', 'event', 'ping']);

/**
 * The live stream, which goes on where it broke off: events are neither lost nor seen twice, and after each reconnection
 * comes a `snapshot`. Ends with the signal; throws SluiceError when the engine stays away for `patienceMs`.
 */
export async function* liveUpdates(transport: Transport, options: LiveOptions): AsyncGenerator<LiveUpdate> {
  const { signal, patienceMs = 60_000 } = options;
  let lastEventId = options.afterSequence === undefined ? null : String(options.afterSequence);
  let brokenSinceMs: number | null = null;
  let delayMs = 200;
  while (!signal.aborted) {
    try {
      for await (const { message, id } of connection(transport, options, lastEventId)) {
        lastEventId = id ?? lastEventId;
        brokenSinceMs = null;
        delayMs = 200;
        yield message;
      }
    } catch (thrown) {
      if (signal.aborted) return;
      const error = toSluiceError(thrown, 'unreachable');
      if (error.retry === 'no') throw error;
      brokenSinceMs ??= performance.now();
      if (performance.now() - brokenSinceMs >= patienceMs) throw error;
      yield { type: 'reconnecting', error };
    }
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    delayMs = Math.min(delayMs * 2, 5_000);
  }
}

interface Received {
  readonly message: StreamMessage;
  readonly id: string | null;
}

async function* connection(
  transport: Transport,
  options: LiveOptions,
  lastEventId: string | null,
): AsyncGenerator<Received> {
  const silence = new AbortController();
  const signal = AbortSignal.any([options.signal, silence.signal]);
  const query = options.service === undefined ? '' : `?service=${encodeURIComponent(options.service)}`;
  const response = await transport.send({
    method: 'GET',
    path: `/api/v1/stream${query}`,
    headers: {
      accept: 'text/event-stream',
      ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }),
    },
    signal,
  });
  const received: Received[] = [];
  const parser = createParser({
    onEvent: ({ event, id, data }) => {
      if (event === undefined || !messageTypes.has(event)) return;
      received.push({ message: { type: event, data: JSON.parse(data) } as StreamMessage, id: id ?? null });
    },
  });
  const silenceMs = options.silenceMs ?? 40_000;
  let timer = setTimeout(() => silence.abort(), silenceMs);
  try {
    if (response.body === null) return;
    const decoder = new TextDecoder();
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), silenceMs);
      parser.feed(decoder.decode(chunk, { stream: true }));
      yield* received.splice(0);
    }
  } catch (thrown) {
    const what = silence.signal.aborted
      ? `the engine was silent for ${silenceMs / 1_000} s`
      : 'the live stream broke';
    throw new SluiceError({ code: 'unreachable', message: what, cause: thrown });
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}
