import { smallestRankPValue } from '../../../analysis/power.ts';
import { formatDuration } from '../../../lib/duration.ts';
import { type Finding, findingAt } from '../../finding.ts';
import type { CanarySource, LintContext, MetricSourceEntry } from '../context.ts';
import { percent } from '../step-advice.ts';
import { durationAt, has, listAt, numberAt, textAt } from '../values.ts';

/** How often a step is looked at, and whether what it compares can ever be told apart. */
export function lintLooks(context: LintContext): readonly Finding[] {
  return context.canaries.flatMap((canary) =>
    canary.spec['skipAnalysis'] === true
      ? []
      : [...fewLooks(canary), ...canary.metrics.flatMap((metric) => hopeless(context, canary, metric))],
  );
}

const fewestLooks = 10;
const defaultIntervalMs = 10_000;

/**
 * `threshold` sees a step once an interval, and so do readings that are only numbers under any judge. What `bet` counts it sees in
 * every block. Flagger's steps are one look each: another finding says that.
 */
function fewLooks({ document, flavour, spec, metrics }: CanarySource): readonly Finding[] {
  if (flavour === 'flagger') return [];
  const byInterval =
    textAt(spec, ['analysis', 'judge']) === 'threshold' || metrics.some(({ value }) => isReading(value));
  const intervalMs = durationAt(spec, ['analysis', 'interval']) ?? defaultIntervalMs;
  if (!byInterval || metrics.length === 0) return [];
  const steps = listAt(spec, ['analysis', 'steps']).map((step) => durationAt(step, ['duration']));
  const index = steps.findIndex(
    (holdMs) => holdMs !== null && holdMs >= intervalMs && holdMs < fewestLooks * intervalMs,
  );
  const holdMs = steps[index];
  if (holdMs === undefined || holdMs === null) return [];
  const message = `The step of ${formatDuration(holdMs)} is looked at ${Math.floor(holdMs / intervalMs)} times, every ${formatDuration(intervalMs)}.`;
  const fix = `write interval: ${formatDuration(Math.max(1000, Math.floor(holdMs / fewestLooks / 1000) * 1000))} under analysis, or hold the step for ${formatDuration(fewestLooks * intervalMs)}`;
  return [
    findingAt(document, ['spec', 'analysis', 'steps', index, 'duration'], {
      code: 'step-few-looks',
      message,
      fix,
    }),
  ];
}

/** A number without counts behind it. */
function isReading(metric: unknown): boolean {
  return !has(metric, ['objective']) && (has(metric, ['query']) || has(metric, ['templateRef']));
}

const mostReplicas = 100;

/** Pods are compared by rank, and so few of them can come in any order by chance. */
function hopeless(context: LintContext, canary: CanarySource, metric: MetricSourceEntry): readonly Finding[] {
  const compare = textAt(metric.value, ['compare']);
  const gauge = ['memory', 'cpu'].includes(metric.name) && metric.queries.length === 0;
  const compared = gauge ? compare !== 'none' : compare === 'stable' && isReading(metric.value);
  const stable = replicasOf(context, canary);
  if (canary.flavour === 'flagger' || !compared || stable === null || stable < 1) return [];
  const alpha = (falseRollback(canary) ?? 1) / 100;
  const weights = listAt(canary.spec, ['analysis', 'steps']).map((step) => numberAt(step, ['weight']) ?? 0);
  const largest = Math.max(0, ...weights);
  if (largest <= 0) return [];
  const pods = (replicas: number): number => Math.max(1, Math.ceil((replicas * largest) / 100));
  const reached = (replicas: number): number => smallestRankPValue(pods(replicas), replicas);
  const best = reached(stable);
  if (best <= alpha) return [];
  const counts = Array.from({ length: mostReplicas }, (_, index) => index + 1);
  const enough = counts.find((replicas) => reached(replicas) <= alpha);
  const message = `${metric.name} is compared between ${pods(stable)} canary and ${stable} stable pods: by chance all of the canary's are the highest in ${percent(best * 100)}, so it cannot reach ${percent(alpha * 100)}.`;
  const more = enough === undefined ? 'write more replicas' : `write replicas: ${enough}`;
  return [
    findingAt(canary.document, [...metric.path, 'name'], {
      code: 'comparison-cannot-tell',
      message,
      fix: `${more} or a larger last weight, or give the metric a limit of its own`,
    }),
  ];
}

function replicasOf(context: LintContext, { document, target, targetKind }: CanarySource): number | null {
  const workload = context
    .ofKind(targetKind)
    .find((one) => one.name === target && one.namespace === document.namespace);
  return workload === undefined ? null : (numberAt(workload.value, ['spec', 'replicas']) ?? 1);
}

function falseRollback({ spec }: CanarySource): number | null {
  const written = /^(\d+(?:\.\d+)?)\s*%?$/.exec(textAt(spec, ['analysis', 'falseRollback'])?.trim() ?? '');
  return written ? Number(written[1]) : numberAt(spec, ['analysis', 'falseRollback']);
}
