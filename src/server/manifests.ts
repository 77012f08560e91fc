import type { AppliedService } from '../engine/commands.ts';
import type { CanaryRecord, Snapshot } from '../engine/ports.ts';
import { SluiceError } from '../lib/error.ts';
import { compileApply } from '../resource/apply.ts';
import { retarget } from '../resource/retarget.ts';
import type { ProcessTemplate } from '../resource/service-spec.ts';
import type { DeployRequest, FindingView, ManifestFile } from '../resource/view.ts';

/** Manifests that are applied together with what is applied already, as services and everything that is to be said of them. */
export function compileManifests(
  files: readonly ManifestFile[],
  applied: readonly (readonly string[])[],
): { readonly services: readonly AppliedService[]; readonly findings: readonly FindingView[] } {
  const { services, findings } = compileApply(files, applied);
  return { services, findings: findings.map(({ edit: _edit, ...finding }) => finding) };
}

/** The target's snapshot with some members replaced, which is what `deploy` asks for. Throws SluiceError `unsupported`. */
export function deployed({ key, target }: CanaryRecord, set: DeployRequest['set']): Snapshot {
  if (!isProcessTemplate(target.template)) {
    throw new SluiceError({
      code: 'unsupported',
      message: `what ${key} runs is not a Process, so it cannot be deployed this way`,
    });
  }
  const next = retarget(target.template, set);
  return next.revision === target.revision ? target : next;
}

/** Templates come from the compiler or from the store, which holds what it was given. */
function isProcessTemplate(template: unknown): template is ProcessTemplate {
  return typeof template === 'object' && template !== null && 'command' in template && 'env' in template;
}
