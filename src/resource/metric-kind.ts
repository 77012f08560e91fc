import type { MetricValue } from './schema/analysis.ts';

/** Where the value of a metric comes from; null: nothing says so. */
export type MetricKind =
  | 'objective'
  | 'template'
  | 'query'
  | 'successShare'
  | 'latency'
  | 'errorShare'
  | 'memory'
  | 'cpu';

/** A reference or query of the metric's own overrides the meaning of its name, as in Flagger. */
export function metricKind(metric: MetricValue): MetricKind | null {
  if (metric.objective !== undefined) return 'objective';
  if (metric.templateRef !== undefined) return 'template';
  if (metric.query !== undefined) return 'query';
  switch (metric.name) {
    case 'request-success-rate':
      return 'successShare';
    case 'request-duration':
      return 'latency';
    case 'error-rate':
      return 'errorShare';
    case 'memory':
    case 'cpu':
      return metric.name;
    default:
      return null;
  }
}

export function objectiveText(objective: NonNullable<MetricValue['objective']>): string {
  return typeof objective === 'string' ? objective : objective.limit;
}
