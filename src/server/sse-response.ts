import type { LiveMessage } from './live-stream.ts';

/**
 * Server-sent events over a pull stream: the next message is made only when the reader has taken the last one, so nothing
 * piles up behind a slow one. https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function sseResponse(messages: AsyncGenerator<LiveMessage>, onEnd: () => void): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await messages.next();
      if (next.done === true) {
        onEnd();
        controller.close();
      } else controller.enqueue(encoder.encode(sseText(next.value)));
    },
    async cancel() {
      onEnd();
      await messages.return(undefined);
    },
  });
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    },
  });
}

export function sseText({ message, id }: LiveMessage): string {
  // JSON.stringify writes no line break, so one data line is enough.
  const lines = [`event: ${message.type}`, `data: ${JSON.stringify(message.data)}`];
  if (id !== null) lines.push(`id: ${id}`);
  if (message.type === 'snapshot') lines.push('retry: 2000');
  return `${lines.join('\n')}\n\n`;
}
