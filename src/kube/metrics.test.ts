import { expect, test } from 'vitest';
import { VirtualClock } from '../../test/fakes/virtual-clock.ts';
import { Controller } from './controller.ts';
import { KubeMetrics } from './metrics.ts';
import { WorkQueue } from './work-queue.ts';

test("speaks controller-runtime's names", async () => {
  const clock = new VirtualClock(0);
  const metrics = new KubeMetrics();
  const queue = new WorkQueue(clock, metrics.queue('rollout'));
  metrics.sampleQueue('rollout', queue);
  const controller = new Controller({
    name: 'rollout',
    queue,
    clock,
    newId: () => 'id',
    observer: metrics.controller('rollout', 1),
    reconcile: async (key, { failures }) => {
      if (key === 'hangs') await new Promise(() => {});
      if (key === 'bad') return { kind: 'terminal', error: new Error('no') };
      if (failures === 0) throw new TypeError('a bug');
      return key === 'later' ? { kind: 'requeueAfter', delayMs: 3_600_000 } : { kind: 'done' };
    },
  });
  void controller.run(new AbortController().signal);
  for (const key of ['good', 'later', 'bad']) queue.add(key);
  await clock.runFor(1000);
  queue.add('hangs');
  queue.add('waits');
  await clock.runFor(90_000);
  metrics.request('200', 'GET', '127.0.0.1:6443');
  metrics.leading('sluice/leader', true);
  metrics.event('dropped');
  metrics.reflector('pods').listed('stream', 10);
  metrics.reflector('pods').watchEnded(17, 1000);
  const text = await metrics.registry.metrics();
  const lines = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# HELP') && !line.includes('_bucket'));
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "# TYPE workqueue_adds_total counter
    workqueue_adds_total{name="rollout",controller="rollout"} 7
    # TYPE workqueue_retries_total counter
    workqueue_retries_total{name="rollout",controller="rollout"} 2
    # TYPE workqueue_queue_duration_seconds histogram
    workqueue_queue_duration_seconds_sum{name="rollout",controller="rollout"} 0
    workqueue_queue_duration_seconds_count{name="rollout",controller="rollout"} 6
    # TYPE workqueue_work_duration_seconds histogram
    workqueue_work_duration_seconds_sum{name="rollout",controller="rollout"} 0
    workqueue_work_duration_seconds_count{name="rollout",controller="rollout"} 5
    # TYPE controller_runtime_reconcile_total counter
    controller_runtime_reconcile_total{controller="rollout",result="error"} 3
    controller_runtime_reconcile_total{controller="rollout",result="success"} 1
    controller_runtime_reconcile_total{controller="rollout",result="requeue_after"} 1
    # TYPE controller_runtime_reconcile_errors_total counter
    controller_runtime_reconcile_errors_total{controller="rollout"} 3
    # TYPE controller_runtime_terminal_reconcile_errors_total counter
    controller_runtime_terminal_reconcile_errors_total{controller="rollout"} 1
    # TYPE controller_runtime_reconcile_panics_total counter
    controller_runtime_reconcile_panics_total{controller="rollout"} 2
    # TYPE controller_runtime_reconcile_timeouts_total counter
    controller_runtime_reconcile_timeouts_total{controller="rollout"} 1
    # TYPE controller_runtime_reconcile_time_seconds histogram
    controller_runtime_reconcile_time_seconds_sum{controller="rollout"} 0
    controller_runtime_reconcile_time_seconds_count{controller="rollout"} 5
    # TYPE controller_runtime_max_concurrent_reconciles gauge
    controller_runtime_max_concurrent_reconciles{controller="rollout"} 1
    # TYPE controller_runtime_active_workers gauge
    controller_runtime_active_workers{controller="rollout"} 1
    # TYPE rest_client_requests_total counter
    rest_client_requests_total{code="200",method="GET",host="127.0.0.1:6443"} 1
    # TYPE leader_election_master_status gauge
    leader_election_master_status{name="sluice/leader"} 1
    # TYPE reflector_lists_total counter
    reflector_lists_total{name="pods",way="stream"} 1
    # TYPE reflector_watches_total counter
    reflector_watches_total{name="pods"} 1
    # TYPE reflector_watch_events_total counter
    reflector_watch_events_total{name="pods"} 17
    # TYPE event_recorder_events_total counter
    event_recorder_events_total{fate="dropped"} 1
    # TYPE workqueue_depth gauge
    workqueue_depth{name="rollout",controller="rollout"} 1
    # TYPE workqueue_unfinished_work_seconds gauge
    workqueue_unfinished_work_seconds{name="rollout",controller="rollout"} 90
    # TYPE workqueue_longest_running_processor_seconds gauge
    workqueue_longest_running_processor_seconds{name="rollout",controller="rollout"} 90"
  `);
});
