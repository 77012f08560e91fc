import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensurePrograms, programs } from './build.ts';

export interface ProgramOptions {
  /** Folder of the Go module to build: another one, another version of Kubernetes. */
  readonly module?: string;
  readonly log?: (line: string) => void;
}

/** The folder with all programs: that of `KUBEBUILDER_ASSETS` where it is set, else our own build. */
export async function programsToRun(options: ProgramOptions = {}): Promise<string> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets === undefined || assets === '' || options.module !== undefined) return ensurePrograms(options);
  const folder = resolve(assets);
  const missing = programs.filter((name) => !existsSync(join(folder, name)));
  if (missing.length > 0) {
    throw new Error(
      `KUBEBUILDER_ASSETS=${assets} has no ${missing.join(', ')}: a whole control plane is needed here, not only an API server`,
    );
  }
  return folder;
}
