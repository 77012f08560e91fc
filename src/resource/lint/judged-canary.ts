import type { CheckPlan, JudgePlan, Limit, Measure } from '../../analysis/judge.ts';
import type { Step } from '../../rollout/plan.ts';
import { checkDocument } from '../check/check-documents.ts';
import { checksOf } from '../compile/checks.ts';
import { judgingOf } from '../compile/judging.ts';
import { stepsOf } from '../compile/steps.ts';
import { uniqueNames } from '../compile/unique-names.ts';
import type { Path } from '../finding.ts';
import { meaningOf } from '../promql/meaning.ts';
import { parsePromql } from '../promql/parse.ts';
import { strategyOf } from '../strategy-of.ts';
import type { CanarySource, MetricSourceEntry } from './context.ts';

/** A Canary as it would be judged, on a cluster as well: queries that are shares or quantiles stand for what they measure. */
export interface JudgedCanary {
  readonly canary: CanarySource;
  readonly judging: JudgePlan;
  readonly steps: readonly Step[];
  readonly minEffectPercent: number | null;
  /** As written under the metric; null: the default. */
  minRequestsOf(check: string): number | null;
  pathOf(check: string): Path;
}

/** Null where the Canary does not fit its schema: that is said elsewhere, and comes first. */
export function judgedCanary(canary: CanarySource): JudgedCanary | null {
  const { resource } = checkDocument(canary.document);
  if (resource?.kind !== 'Canary' || resource.value.spec.skipAnalysis === true) return null;
  const { analysis } = resource.value.spec;
  const metrics = analysis?.metrics ?? [];
  const names = uniqueNames(metrics.map(({ name }) => name));
  const compiled = checksOf(resource, []).checks.filter(({ measure }) => measure.kind !== 'sample');
  const asked = canary.metrics.flatMap((entry, index) => {
    const read = entry.queries.map(({ text }) => measuredBy(text, entry)).find((one) => one !== null);
    const metric = metrics[index];
    if (read === undefined || metric === undefined) return [];
    return [checkOf(names[index] ?? metric.name, read, metric.interval, metric.minRequests)];
  });
  const judging = judgingOf(resource, [...compiled, ...asked]);
  const indexOf = (check: string): number => names.indexOf(check);
  return {
    canary,
    judging,
    steps: stepsOf(resource, strategyOf(resource), judging.intervalMs),
    minEffectPercent: analysis?.minEffect ?? null,
    minRequestsOf: (check) => metrics[indexOf(check)]?.minRequests ?? null,
    pathOf: (check) => canary.metrics[indexOf(check)]?.path ?? ['spec', 'analysis'],
  };
}

interface Measured {
  readonly measure: Measure;
  readonly limit: Limit;
}

function measuredBy(query: string, { min, max }: MetricSourceEntry): Measured | null {
  const parsed = parsePromql(query);
  const meaning = parsed.ok ? meaningOf(parsed.value) : null;
  if (meaning?.kind === 'quantile') {
    return max === null
      ? null
      : {
          measure: { kind: 'latencyQuantile', quantile: meaning.quantile },
          limit: { max: max / meaning.scale },
        };
  }
  if (meaning === null) return null;
  // Whatever is counted: a ceiling is on what is bad, a floor on what is good.
  if (max !== null) return { measure: { kind: 'errorShare' }, limit: { max: (max / meaning.scale) * 100 } };
  return min === null
    ? null
    : { measure: { kind: 'successShare' }, limit: { min: (min / meaning.scale) * 100 } };
}

function checkOf(name: string, measured: Measured, windowMs = 60_000, minRequests = 0): CheckPlan {
  return { name, ...measured, shownUnit: '', shownScale: 1, windowMs, minRequests };
}
