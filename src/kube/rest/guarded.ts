import type { Clock } from '../clock.ts';
import { KubeError } from '../kube-error.ts';
import type { CallScope } from '../transport/call-scope.ts';
import { connectionError } from '../transport/connection-error.ts';
import type { WireAnswer } from '../transport/transport.ts';

export interface Guard {
  readonly clock: Clock;
  readonly scope: CallScope;
  readonly inactivityMs: number;
  readonly what: string;
  readonly server: string;
}

/**
 * Chunks of a body as they come. A connection can be dead without a sign for a quarter of an hour; silence of `inactivityMs` while we wait
 * breaks it. While the reader is busy with what it has, nothing is read (the server's window fills) and the silence is ours: not counted.
 */
export async function* guarded(answer: WireAnswer, guard: Guard): AsyncGenerator<Uint8Array> {
  const { clock, inactivityMs, scope, server, what } = guard;
  const chunks = (answer.body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const silent = (): void =>
    scope.abort(
      new KubeError({
        reason: 'Unreachable',
        message: `${what}: no sign from the server for ${inactivityMs / 1_000} s; the connection is taken for dead`,
      }),
    );
  let waitingSinceMs: number | null = null;
  // One timer that looks again, not one for each chunk: they come by the thousand.
  const lookAfter = (sinceMs: number): (() => void) =>
    clock.at(sinceMs + inactivityMs, () => {
      if (waitingSinceMs === sinceMs) silent();
      else cancel = lookAfter(waitingSinceMs ?? clock.nowMs());
    });
  let cancel = lookAfter(clock.nowMs());
  try {
    for (;;) {
      let next: IteratorResult<Buffer>;
      waitingSinceMs = clock.nowMs();
      try {
        next = await chunks.next();
      } catch (thrown) {
        throw connectionError(thrown, server);
      }
      waitingSinceMs = null;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    cancel();
    answer.body.destroy();
  }
}
