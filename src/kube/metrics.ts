import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ControllerObserver } from './controller.ts';
import type { EventFate } from './events.ts';
import type { ReflectorObserver } from './reflector.ts';
import type { QueueObserver, WorkQueue } from './work-queue.ts';

/** As controller-runtime has them: 10 ns to 1000 s, and 5 ms to 60 s. */
const queueBucketsSeconds = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000];
const reconcileBucketsSeconds = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5,
  1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];

/**
 * The runtime's metrics, under controller-runtime's names, labels and buckets: the dashboards and alerts that people have go on working.
 * One registry a process; the parts get observers from here and know nothing of Prometheus.
 */
export class KubeMetrics {
  readonly registry = new Registry();
  readonly #queues = new Map<string, WorkQueue>();
  readonly #adds = this.#counter('workqueue_adds_total', 'Keys added to the queue', ['name', 'controller']);
  readonly #retries = this.#counter('workqueue_retries_total', 'Keys added again after an error', [
    'name',
    'controller',
  ]);
  readonly #waited = this.#histogram(
    'workqueue_queue_duration_seconds',
    'How long keys waited in the queue',
    ['name', 'controller'],
    queueBucketsSeconds,
  );
  readonly #ran = this.#histogram(
    'workqueue_work_duration_seconds',
    'How long keys were worked on',
    ['name', 'controller'],
    queueBucketsSeconds,
  );
  readonly #reconciles = this.#counter('controller_runtime_reconcile_total', 'Reconciles by result', [
    'controller',
    'result',
  ]);
  readonly #errors = this.#counter('controller_runtime_reconcile_errors_total', 'Reconciles that failed', [
    'controller',
  ]);
  readonly #terminal = this.#counter(
    'controller_runtime_terminal_reconcile_errors_total',
    'Reconciles that failed for good',
    ['controller'],
  );
  readonly #panics = this.#counter('controller_runtime_reconcile_panics_total', 'Reconciles that threw', [
    'controller',
  ]);
  readonly #timeouts = this.#counter(
    'controller_runtime_reconcile_timeouts_total',
    'Reconciles that passed their deadline',
    ['controller'],
  );
  readonly #reconcileTook = this.#histogram(
    'controller_runtime_reconcile_time_seconds',
    'How long reconciles took',
    ['controller'],
    reconcileBucketsSeconds,
  );
  readonly #workers = this.#gauge('controller_runtime_max_concurrent_reconciles', 'Keys at once', [
    'controller',
  ]);
  readonly #active = this.#gauge('controller_runtime_active_workers', 'Keys being worked on', ['controller']);
  readonly #requests = this.#counter('rest_client_requests_total', 'Calls to the API server', [
    'code',
    'method',
    'host',
  ]);
  readonly #leader = this.#gauge('leader_election_master_status', '1: this process leads', ['name']);
  readonly #lists = this.#counter('reflector_lists_total', 'Lists that were read, streamed or in pages', [
    'name',
    'way',
  ]);
  readonly #watches = this.#counter('reflector_watches_total', 'Watches that ended', ['name']);
  readonly #watchEvents = this.#counter('reflector_watch_events_total', 'Events of watches that ended', [
    'name',
  ]);
  readonly #recorded = this.#counter('event_recorder_events_total', 'Events by what became of them', [
    'fate',
  ]);

  constructor() {
    const labels = ['name', 'controller'];
    this.#sampled('workqueue_depth', 'Keys in the queue', labels, ({ depth }) => depth);
    this.#sampled('workqueue_unfinished_work_seconds', 'Sum over the keys being worked on', labels, (queue) =>
      seconds(queue.runningMs().reduce((sum, ms) => sum + ms, 0)),
    );
    this.#sampled(
      'workqueue_longest_running_processor_seconds',
      'Of the keys being worked on',
      labels,
      (queue) => seconds(Math.max(0, ...queue.runningMs())),
    );
  }

  /** For the queue of the controller of that name; `sampleQueue` once it is there. */
  queue(name: string): QueueObserver {
    const labels = { name, controller: name };
    return {
      added: () => this.#adds.inc(labels),
      taken: (waitedMs) => this.#waited.observe(labels, seconds(waitedMs)),
      done: (ranMs) => this.#ran.observe(labels, seconds(ranMs)),
      retried: () => this.#retries.inc(labels),
    };
  }

  sampleQueue(name: string, queue: WorkQueue): void {
    this.#queues.set(name, queue);
  }

  controller(name: string, concurrency: number): ControllerObserver {
    const labels = { controller: name };
    this.#workers.set(labels, concurrency);
    this.#active.set(labels, 0);
    return {
      started: () => this.#active.inc(labels),
      timedOut: () => this.#timeouts.inc(labels),
      ended: (outcome, tookMs) => {
        this.#active.dec(labels);
        this.#reconcileTook.observe(labels, seconds(tookMs));
        this.#reconciles.inc({ ...labels, result: resultOf[outcome] });
        if (resultOf[outcome] === 'error') this.#errors.inc(labels);
        if (outcome === 'terminal') this.#terminal.inc(labels);
        if (outcome === 'panic') this.#panics.inc(labels);
      },
    };
  }

  reflector(name: string): ReflectorObserver {
    return {
      listed: (way) => this.#lists.inc({ name, way }),
      watchEnded: (events) => {
        this.#watches.inc({ name });
        this.#watchEvents.inc({ name }, events);
      },
    };
  }

  /** After each answer; `code` is the HTTP status, or `<error>` as in client-go where there was none. */
  request(code: string, method: string, host: string): void {
    this.#requests.inc({ code, method, host });
  }

  leading(lease: string, isLeading: boolean): void {
    this.#leader.set({ name: lease }, isLeading ? 1 : 0);
  }

  event(fate: EventFate): void {
    this.#recorded.inc({ fate });
  }

  #sampled(
    name: string,
    help: string,
    labelNames: readonly string[],
    valueOf: (queue: WorkQueue) => number,
  ): void {
    const queues = this.#queues;
    const gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        for (const [name, queue] of queues) gauge.set({ name, controller: name }, valueOf(queue));
      },
    });
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge(name: string, help: string, labelNames: string[]): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  #histogram(name: string, help: string, labelNames: string[], buckets: number[]): Histogram {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] });
  }
}

const resultOf = {
  done: 'success',
  requeueAfter: 'requeue_after',
  error: 'error',
  terminal: 'error',
  panic: 'error',
} as const;

function seconds(ms: number): number {
  return ms / 1000;
}
