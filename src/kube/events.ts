import { Backoff } from './backoff.ts';
import type { KubeClient } from './client.ts';
import { type Clock, type Random, sleep } from './clock.ts';
import { EventCorrelator, type EventNote, type EventOccurrence } from './event-correlator.ts';
import { isKubeError } from './kube-error.ts';
import { linkedAbort } from './linked-abort.ts';
import { timeOf } from './micro-time.ts';
import type { KubeObject, Resource } from './object.ts';
import { messageOf, type Report } from './report.ts';

export const events: Resource = {
  group: '',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
};

/** How an event ended. */
export type EventFate = 'written' | 'dropped' | 'failed';

export interface EventRecorderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  /** Who says it: `reportingComponent`, and the field manager. */
  readonly component: string;
  /** Which of them: the host. */
  readonly instance: string;
  readonly report?: Report;
  readonly onFate?: (fate: EventFate) => void;
}

/** Events that wait for the server; more are dropped. client-go's broadcaster has 1000 as well. */
const maxWaiting = 1000;
/** client-go tries 12 times, 10 s apart: an event would be late by minutes, and all others behind it. */
const maxTries = 4;

/**
 * Writes core/v1 events, one after the other, behind the back of whoever records them: recording never fails and never waits. Correlated as
 * in client-go (see `EventCorrelator`). Not fenced: an event decides nothing, and a deposed leader may say that it is one.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #correlator = new EventCorrelator();
  readonly #waiting: EventOccurrence[] = [];
  readonly #idle: (() => void)[] = [];
  readonly #stop = linkedAbort();
  #isWriting = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  record(note: EventNote): void {
    const { clock } = this.#options;
    const correlated = this.#correlator.correlate(note, clock.nowMs(), clock.wallMs());
    if (correlated.kind === 'dropped' || this.#waiting.length >= maxWaiting || this.#stop.signal.aborted) {
      this.#options.onFate?.('dropped');
      return;
    }
    this.#waiting.push(correlated.event);
    if (!this.#isWriting) void this.#writeAll();
  }

  /** What has been recorded is written, or given up at the deadline: nothing is written any more after it. */
  async flush(deadlineMs: number): Promise<void> {
    const { clock } = this.#options;
    const cancel = clock.at(clock.nowMs() + deadlineMs, () => this.#stop.abort());
    if (this.#isWriting) {
      await new Promise<void>((resolve) => {
        this.#idle.push(resolve);
      });
    }
    cancel();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const fate = this.#stop.signal.aborted ? 'dropped' : await this.#write(next);
      this.#options.onFate?.(fate);
    }
    this.#isWriting = false;
    for (const idle of this.#idle.splice(0)) idle();
  }

  async #write(event: EventOccurrence): Promise<EventFate> {
    const { clock, random, report } = this.#options;
    const backoff = new Backoff(clock, random);
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#send(event);
        return 'written';
      } catch (thrown) {
        const isFinal = tries >= maxTries || this.#stop.signal.aborted || !isWorthAnother(thrown);
        if (isFinal) {
          report?.({ where: `event ${event.name}`, message: messageOf(thrown), error: thrown });
          return 'failed';
        }
        await sleep(clock, backoff.failed(), this.#stop.signal);
      }
    }
  }

  async #send(event: EventOccurrence): Promise<void> {
    const { client, component } = this.#options;
    const { signal } = this.#stop;
    const options = { fieldManager: component, signal };
    const namespace = namespaceOf(event.note.object);
    if (event.count > 1) {
      const body = {
        count: event.count,
        message: event.note.message,
        lastTimestamp: timeOf(event.lastAtWallMs),
      };
      try {
        await client.patch(events, { namespace, name: event.name }, { type: 'merge', body }, options);
        return;
      } catch (thrown) {
        // Events live for an hour.
        if (!isKubeError(thrown, 'NotFound')) throw thrown;
      }
    }
    try {
      await client.create(events, this.#objectOf(event, namespace), options);
    } catch (thrown) {
      // The answer to an earlier try was lost.
      if (!isKubeError(thrown, 'AlreadyExists')) throw thrown;
    }
  }

  #objectOf(
    { note, name, count, firstAtWallMs, lastAtWallMs }: EventOccurrence,
    namespace: string,
  ): KubeObject {
    const { component, instance } = this.#options;
    const { apiVersion, kind, metadata } = note.object;
    const object = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: {
        apiVersion,
        kind,
        name: metadata.name,
        ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
        ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
        ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
      },
      type: note.type,
      reason: note.reason,
      message: note.message,
      count,
      firstTimestamp: timeOf(firstAtWallMs),
      lastTimestamp: timeOf(lastAtWallMs),
      source: { component, host: instance },
      reportingComponent: component,
      reportingInstance: instance,
    };
    return object;
  }
}

/** Events of cluster-wide objects are in `default`. */
function namespaceOf({ metadata }: KubeObject): string {
  return metadata.namespace ?? 'default';
}

/** Not: refused for what it is, or its namespace is going. */
function isWorthAnother(thrown: unknown): boolean {
  return isKubeError(
    thrown,
    'Unreachable',
    'DeadlineExceeded',
    'TooManyRequests',
    'InternalError',
    'ServiceUnavailable',
    'Timeout',
    'ServerTimeout',
    'Conflict',
  );
}
