import { SluiceError } from '../lib/error.ts';
import type { FindingView } from './view.ts';

/** `invalid-resource` with the findings that say where. */
export class InvalidManifest extends SluiceError {
  readonly findings: readonly FindingView[];

  constructor(findings: readonly FindingView[]) {
    const errors = findings.filter((finding) => finding.severity === 'error');
    const first = errors[0];
    const place = first === undefined ? '' : `: ${first.file}:${first.line}: ${first.message}`;
    super({
      code: 'invalid-resource',
      message: `${errors.length} error${errors.length === 1 ? '' : 's'} in the manifests${place}`,
    });
    this.findings = findings;
  }
}
