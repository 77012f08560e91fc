import type { SourceDocument } from '../document.ts';
import { type Finding, sortFindings } from '../finding.ts';
import { contextOf, type LintContext } from './context.ts';
import { lintHooks } from './rules/hooks.ts';
import { lintMetrics } from './rules/metrics.ts';
import { lintObjectives } from './rules/objectives.ts';
import { lintPipelines } from './rules/pipeline.ts';
import { lintPods } from './rules/pods.ts';
import { lintProcesses } from './rules/process.ts';
import { lintQueries } from './rules/queries.ts';
import { lintService } from './rules/service.ts';
import { lintSteps } from './rules/steps.ts';

const rules: readonly ((context: LintContext) => readonly Finding[])[] = [
  lintSteps,
  lintMetrics,
  lintQueries,
  lintObjectives,
  lintHooks,
  lintService,
  lintPods,
  lintProcesses,
  lintPipelines,
];

/**
 * What runs but does something else than it seems to say. The documents are looked at together, as they would be applied;
 * they need not fit their schemas. What checking and compiling them finds is not repeated here.
 */
export function lint(documents: readonly SourceDocument[]): readonly Finding[] {
  const context = contextOf(documents);
  return sortFindings(rules.flatMap((rule) => rule(context)));
}
