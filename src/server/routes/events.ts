import { Hono } from 'hono';
import type { RecordedEvent } from '../../engine/ports.ts';
import { type EventListDocument, viewSchema } from '../../resource/view.ts';
import type { ApiContext, ApiEnv } from '../api-env.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { eventView } from '../event-view.ts';
import { liveStream } from '../live-stream.ts';
import { wholeNumber } from '../request-schemas.ts';
import { sseResponse } from '../sse-response.ts';
import { serviceList, viewOf } from './services.ts';

const anySequence = { min: 0, max: Number.MAX_SAFE_INTEGER, otherwise: 0 };

/** History as a list, as a live stream, and as the export that `audit verify` reads. */
export function eventRoutes(dependencies: ApiDependencies): Hono<ApiEnv> {
  return new Hono<ApiEnv>()
    .get('/events', async (context) => {
      const events = await dependencies.commands.events({
        afterSequence: wholeNumber(context, 'after', anySequence),
        limit: wholeNumber(context, 'limit', { min: 1, max: 1_000, otherwise: 200 }),
      });
      return context.json({
        schema: viewSchema,
        kind: 'EventList',
        events: events.map(eventView),
      } satisfies EventListDocument);
    })
    .get('/stream', (context) => stream(dependencies, context))
    .get('/audit', (context) =>
      context.body(auditLines(dependencies), 200, { 'content-type': 'application/jsonl; charset=utf-8' }),
    );
}

function stream(dependencies: ApiDependencies, context: ApiContext): Response {
  const only = context.req.query('service');
  const lastEventId = context.req.header('last-event-id') ?? '';
  const end = new AbortController();
  context.req.raw.signal.addEventListener('abort', () => end.abort(), { once: true });
  const messages = liveStream(
    {
      nowMs: dependencies.nowMs,
      lastSequence: dependencies.lastSequence,
      readEvents: (afterSequence, limit) => dependencies.recorder.events({ afterSequence, limit }),
      subscribeEvents: (listener) => dependencies.recorder.subscribe(listener),
      subscribeServices: (listener) => dependencies.commands.subscribe(listener),
      snapshot: () => serviceList(dependencies, only),
      service: (key) => {
        const found = dependencies.commands.list().find(({ canary }) => canary.key === key);
        return found === undefined ? undefined : viewOf(dependencies, found);
      },
    },
    {
      afterSequence: /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : null,
      concerns: only === undefined ? null : (key) => key === only,
      signal: end.signal,
      pingMs: 15_000,
      coalesceMs: 100,
      queueLimit: 1_000,
    },
  );
  return sseResponse(messages, () => end.abort());
}

const auditPage = 500;

/** Every event as it was hashed, one JSON object a line, in sequence. */
function auditLines(dependencies: ApiDependencies): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let after = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const page: readonly RecordedEvent[] = await dependencies.recorder.events({
        afterSequence: after,
        limit: auditPage,
      });
      const last = page.at(-1);
      if (last === undefined) {
        controller.close();
        return;
      }
      after = last.sequence;
      controller.enqueue(encoder.encode(`${page.map((event) => JSON.stringify(event)).join('\n')}\n`));
    },
  });
}
