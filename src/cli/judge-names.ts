import type { JudgeName } from '../analysis/judge.ts';

/** As the command line offers them; without the judges themselves, which the command tree must not load. */
export const judgeNames: readonly JudgeName[] = ['bet', 'threshold', 'likelihood', 'argo', 'kayenta'];
