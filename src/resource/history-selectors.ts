import type { CanaryResource } from './check/resource.ts';
import { uniqueNames } from './compile/unique-names.ts';
import { metricKind, objectiveText } from './metric-kind.ts';
import { parseObjective } from './objective.ts';
import type { MetricValue } from './schema/analysis.ts';

/** The raw counters that a Canary's objectives name, and which of its checks they cannot answer. */
export interface HistorySelectors {
  readonly total?: string;
  readonly bad?: string;
  readonly buckets?: string;
  /** Names of checks that no selector, or another one than the first, belongs to. */
  readonly unanswered: readonly string[];
}

/** One history holds one count of requests, errors and latencies, so the first metric of each kind decides which. */
export function historySelectors(canary: CanaryResource): HistorySelectors {
  const metrics = canary.value.spec.analysis?.metrics ?? [];
  const names = uniqueNames(metrics.map(({ name }) => name));
  const found: { total?: string; bad?: string; buckets?: string } = {};
  const unanswered: string[] = [];
  for (const [index, metric] of metrics.entries()) {
    const wanted = wantedOf(metric);
    const own: Selectors = typeof metric.objective === 'object' ? metric.objective : {};
    const isComplete =
      wanted === 'latency' ? own.buckets !== undefined : own.total !== undefined && own.bad !== undefined;
    const keys = wanted === 'latency' ? (['buckets'] as const) : (['total', 'bad'] as const);
    const isSame = keys.every((key) => found[key] === undefined || found[key] === own[key]);
    if (wanted === null || !isComplete || !isSame) {
      unanswered.push(names[index] ?? metric.name);
      continue;
    }
    for (const key of keys) {
      const selector = own[key];
      if (selector !== undefined) found[key] = selector;
    }
  }
  return { ...found, unanswered };
}

type Selectors = Partial<Record<'total' | 'bad' | 'buckets', string | undefined>>;

function wantedOf(metric: MetricValue): 'errors' | 'latency' | null {
  switch (metricKind(metric)) {
    case 'errorShare':
    case 'successShare':
      return 'errors';
    case 'latency':
      return 'latency';
    case 'objective': {
      const parsed = parseObjective(objectiveText(metric.objective ?? ''), metric.name);
      if (!parsed.ok) return null;
      return parsed.value.measure.kind === 'latencyQuantile' ? 'latency' : 'errors';
    }
    default:
      return null;
  }
}
