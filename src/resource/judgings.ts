import type { CheckPlan, JudgePlan } from '../analysis/judge.ts';
import { checkDocuments } from './check/check-documents.ts';
import type { MetricTemplateResource } from './check/resource.ts';
import { checksOf } from './compile/checks.ts';
import { judgingOf } from './compile/judging.ts';
import type { SourceDocument } from './document.ts';
import type { Finding } from './finding.ts';

/** How one Canary is judged, known from the Canary alone. */
export interface CanaryJudging {
  /** `namespace/name` */
  readonly service: string;
  /** With the checks that requests and their latency answer. */
  readonly judging: JudgePlan;
  /** Names of the metrics that are asked from elsewhere, which counts of requests do not answer. */
  readonly asked: readonly string[];
}

/** The judging of each Canary among the documents. What a Canary releases need not be there, and neither need templates. */
export function judgingsOf(documents: readonly SourceDocument[]): {
  readonly judgings: readonly CanaryJudging[];
  readonly findings: readonly Finding[];
} {
  const { resources, findings } = checkDocuments(documents);
  const templates = resources.filter(
    (resource): resource is MetricTemplateResource => resource.kind === 'MetricTemplate',
  );
  const judgings = resources.flatMap((resource): readonly CanaryJudging[] => {
    if (resource.kind !== 'Canary') return [];
    const checks = checksOf(resource, templates).checks.filter(isCounted);
    const { namespace, name } = resource.document;
    const counted = new Set(checks.map((check) => check.name));
    const metrics = resource.value.spec.analysis?.metrics ?? [];
    return [
      {
        service: `${namespace}/${name}`,
        judging: judgingOf(resource, checks),
        asked: metrics.flatMap((metric) => (counted.has(metric.name) ? [] : [metric.name])),
      },
    ];
  });
  return { judgings, findings };
}

function isCounted({ measure }: CheckPlan): boolean {
  return measure.kind !== 'sample' && measure.kind !== 'gauge';
}
