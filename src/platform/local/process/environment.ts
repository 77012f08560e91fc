import type { ProcessTemplate } from '../../../resource/service-spec.ts';

/**
 * What a process gets of the environment that Sluice was started in. Little on purpose: a revision is the hash of its
 * template, so nothing that changes what it does may come from outside, and no secret of ours may leak into it.
 */
const inherited = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
];

/** Names the keeper in the environment of all it starts, so that one can be found that no state file knows. */
export const keeperMark = 'SLUICE_KEEPER';
/** Names the start of a replica, which is the id of its endpoint. */
export const replicaMark = 'SLUICE_REPLICA';

export interface EnvironmentMarks {
  readonly keeperId: string;
  readonly endpointId: string;
}

export function processEnvironment(
  outer: Readonly<Record<string, string | undefined>>,
  template: ProcessTemplate,
  port: number,
  marks: EnvironmentMarks,
): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const name of inherited) {
    const value = outer[name];
    if (value !== undefined) env[name] = value;
  }
  return {
    ...env,
    ...template.env,
    PORT: String(port),
    [keeperMark]: marks.keeperId,
    [replicaMark]: marks.endpointId,
  };
}
