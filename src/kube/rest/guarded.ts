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

type Next = IteratorResult<Uint8Array, undefined>;

const done: Next = { done: true, value: undefined };

/**
 * Chunks of a body as they come, each handed over in the turn in which it arrives: the body's own iterator would take several. A connection
 * can be dead without a sign for a quarter of an hour; silence of `inactivityMs` while we wait breaks it. While the reader is busy with
 * what it has, nothing is read (the server's window fills) and the silence is ours: not counted. Whoever stops early calls `return`.
 */
export function guarded(answer: WireAnswer, guard: Guard): AsyncIterableIterator<Uint8Array, undefined> {
  const { body } = answer;
  const waiting: Uint8Array[] = [];
  let end: { readonly failure: KubeError | null } | null = null;
  let reader: PromiseWithResolvers<Next> | null = null;
  const silence = watchSilence(guard);

  const stop = (failure: KubeError | null): void => {
    end ??= { failure };
    silence.end();
    if (reader === null) return;
    if (end.failure === null) reader.resolve(done);
    else reader.reject(end.failure);
    reader = null;
  };
  body.pause();
  body.on('data', (chunk: Uint8Array) => {
    if (reader === null) {
      waiting.push(chunk);
      body.pause();
      return;
    }
    silence.over();
    reader.resolve({ value: chunk });
    reader = null;
  });
  body.on('end', () => stop(null));
  body.on('error', (thrown) => stop(connectionError(thrown, guard.server)));
  // Where neither of the two has come: somebody closed the pool.
  body.on('close', () => stop(connectionError(new Error('closed'), guard.server)));
  return {
    next: () => {
      const chunk = waiting.shift();
      if (chunk !== undefined) return Promise.resolve({ value: chunk });
      reader = Promise.withResolvers();
      const { promise } = reader;
      if (end === null) {
        silence.begin();
        body.resume();
      } else {
        stop(null);
      }
      return promise;
    },
    return: () => {
      stop(null);
      body.destroy();
      return Promise.resolve(done);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** One timer that looks again, not one for each chunk: they come by the thousand. */
function watchSilence({ clock, inactivityMs, scope, what }: Guard): {
  begin(): void;
  over(): void;
  end(): void;
} {
  let sinceMs: number | null = null;
  const lookAfter = (fromMs: number): (() => void) =>
    clock.at(fromMs + inactivityMs, () => {
      if (sinceMs === fromMs) {
        const message = `${what}: no sign from the server for ${inactivityMs / 1_000} s; the connection is taken for dead`;
        scope.abort(new KubeError({ reason: 'Unreachable', message }));
      } else {
        cancel = lookAfter(sinceMs ?? clock.nowMs());
      }
    });
  let cancel = lookAfter(clock.nowMs());
  return {
    begin: () => {
      sinceMs = clock.nowMs();
    },
    over: () => {
      sinceMs = null;
    },
    end: () => cancel(),
  };
}
