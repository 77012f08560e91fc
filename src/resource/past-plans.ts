import type { JudgePlan } from '../analysis/judge.ts';
import type { Step } from '../rollout/plan.ts';
import { checkDocuments } from './check/check-documents.ts';
import type { CanaryResource } from './check/resource.ts';
import { stepsOf } from './compile/steps.ts';
import type { SourceDocument } from './document.ts';
import type { Finding } from './finding.ts';
import { judgingsOf } from './judgings.ts';
import { strategyOf } from './strategy-of.ts';

/** What past rollouts of a Canary are judged by, known from the Canary alone. */
export interface PastPlan {
  /** `namespace/name` */
  readonly service: string;
  readonly canary: CanaryResource;
  readonly steps: readonly Step[];
  /** With the checks that requests and their latency answer. */
  readonly judging: JudgePlan;
  /** Names of the metrics that counts do not answer. */
  readonly asked: readonly string[];
}

/** One for each Canary among the documents. What a Canary releases need not be there. */
export function pastPlansOf(documents: readonly SourceDocument[]): {
  readonly made: readonly PastPlan[];
  readonly findings: readonly Finding[];
} {
  const { judgings, findings } = judgingsOf(documents);
  const made = checkDocuments(documents).resources.flatMap((resource): readonly PastPlan[] => {
    if (resource.kind !== 'Canary') return [];
    const service = `${resource.document.namespace}/${resource.document.name}`;
    const found = judgings.find((one) => one.service === service);
    if (found === undefined) return [];
    const { judging, asked } = found;
    const steps = stepsOf(resource, strategyOf(resource), judging.intervalMs);
    return [{ service, canary: resource, steps, judging, asked }];
  });
  return { made, findings };
}
