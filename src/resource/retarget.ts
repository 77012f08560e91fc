import type { CompiledTarget } from './compile.ts';
import { revisionOf } from './revision.ts';
import type { ProcessTemplate } from './service-spec.ts';

/** What a deploy may change of a target. */
export interface TargetChange {
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  /** Added to what there is; a name that exists gets the new value. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The target with some parts replaced. Its label is `env.VERSION` where that is set, else the new revision. */
export function retarget(template: ProcessTemplate, change: TargetChange): CompiledTarget {
  const next: ProcessTemplate = {
    ...template,
    command: change.command ?? template.command,
    args: change.args ?? template.args,
    env: { ...template.env, ...change.env },
  };
  const revision = revisionOf(next);
  return { revision, template: next, label: change.env?.['VERSION'] ?? revision };
}
