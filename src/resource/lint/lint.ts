import type { SourceDocument } from '../document.ts';
import { type Finding, sortFindings } from '../finding.ts';
import { contextOf, type LintContext } from './context.ts';
import { lintBuckets } from './rules/buckets.ts';
import { lintHooks } from './rules/hooks.ts';
import { lintLooks } from './rules/looks.ts';
import { lintMetrics } from './rules/metrics.ts';
import { lintObjectives } from './rules/objectives.ts';
import { lintPipelines } from './rules/pipeline.ts';
import { lintPods } from './rules/pods.ts';
import { lintPower } from './rules/power.ts';
import { lintProcesses } from './rules/process.ts';
import { lintQueries } from './rules/queries.ts';
import { lintService } from './rules/service.ts';
import { lintSteps } from './rules/steps.ts';

const rules: readonly ((context: LintContext) => readonly Finding[])[] = [
  lintSteps,
  lintMetrics,
  lintQueries,
  lintObjectives,
  lintPower,
  lintBuckets,
  lintLooks,
  lintHooks,
  lintService,
  lintPods,
  lintProcesses,
  lintPipelines,
];

export interface LintOptions {
  /** Of the whole service; absent: not known, and less is said of what the steps can see. */
  readonly requestsPerSecond?: number | null;
}

/**
 * What runs but does something else than it seems to say. The documents are looked at together, as they would be applied;
 * they need not fit their schemas. What checking and compiling them finds is not repeated here.
 */
export function lint(
  documents: readonly SourceDocument[],
  { requestsPerSecond = null }: LintOptions = {},
): readonly Finding[] {
  const context = contextOf(documents, requestsPerSecond);
  return sortFindings(rules.flatMap((rule) => rule(context)));
}
