import { Hono } from 'hono';
import type { LogLineView } from '../../resource/view.ts';
import type { ApiContext, ApiEnv } from '../api-env.ts';
import type { ApiDependencies, ReplicaLog } from '../dependencies.ts';
import { follow, lastLines } from '../log-tail.ts';
import { wholeNumber } from '../request-schemas.ts';
import { keyOf } from './services.ts';

const pollMs = 250;

/** What the replicas of a service printed, one JSON object a line; `follow=true` goes on until the reader leaves. */
export function logRoutes(dependencies: ApiDependencies): Hono<ApiEnv> {
  return new Hono<ApiEnv>().get('/:namespace/:name/logs', async (context) => {
    const key = keyOf(context);
    dependencies.commands.get(key);
    const logs = (await dependencies.logs(key)).filter((log) => isWanted(context, log));
    const lines = wholeNumber(context, 'lines', { min: 0, max: 10_000, otherwise: 100 });
    const end = new AbortController();
    context.req.raw.signal.addEventListener('abort', () => end.abort(), { once: true });
    const messages =
      context.req.query('follow') === 'true' ? following(logs, lines, end.signal) : tails(logs, lines);
    return context.body(toStream(messages, end), 200, { 'content-type': 'application/jsonl; charset=utf-8' });
  });
}

function isWanted(context: ApiContext, log: ReplicaLog): boolean {
  const arm = context.req.query('arm');
  const revision = context.req.query('revision');
  return (arm === undefined || log.arm === arm) && (revision === undefined || log.revision === revision);
}

async function* tails(logs: readonly ReplicaLog[], lines: number): AsyncGenerator<readonly LogLineView[]> {
  for (const log of logs) yield (await lastLines(log.path, lines)).lines.map((line) => lineView(log, line));
}

/** The tails first, then every file's new lines as they come, merged. */
async function* following(
  logs: readonly ReplicaLog[],
  lines: number,
  signal: AbortSignal,
): AsyncGenerator<readonly LogLineView[]> {
  const sources: AsyncGenerator<readonly LogLineView[]>[] = [];
  for (const log of logs) {
    const tail = await lastLines(log.path, lines);
    yield tail.lines.map((line) => lineView(log, line));
    sources.push(linesOf(log, tail.offset, signal));
  }
  const waiting = new Map(sources.map((source, index) => [index, nextOf(source, index)]));
  while (waiting.size > 0) {
    const { index, result } = await Promise.race(waiting.values());
    const source = sources[index];
    if (result.done === true || source === undefined) waiting.delete(index);
    else {
      waiting.set(index, nextOf(source, index));
      yield result.value;
    }
  }
}

async function* linesOf(
  log: ReplicaLog,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<readonly LogLineView[]> {
  for await (const lines of follow(log.path, offset, signal, pollMs))
    yield lines.map((line) => lineView(log, line));
}

async function nextOf<Item>(
  source: AsyncGenerator<Item>,
  index: number,
): Promise<{ readonly index: number; readonly result: IteratorResult<Item> }> {
  return { index, result: await source.next() };
}

function lineView({ arm, revision, replica }: ReplicaLog, line: string): LogLineView {
  return { arm, revision, replica, line };
}

function toStream(
  messages: AsyncGenerator<readonly LogLineView[]>,
  end: AbortController,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await messages.next();
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(next.value.map((line) => `${JSON.stringify(line)}\n`).join('')));
    },
    cancel() {
      end.abort();
    },
  });
}
