import { KubeError } from '../kube-error.ts';

/** What is wrong with the configuration, in a sentence that ends in what to do. Never with a value that may be secret. */
export function configurationError(message: string, cause?: unknown): KubeError {
  return new KubeError({ reason: 'Configuration', message, ...(cause === undefined ? {} : { cause }) });
}

const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  EISDIR: 'is a folder, not a file',
  ENOTDIR: 'lies below something that is not a folder',
  ELOOP: 'is a link that leads in a circle',
  EMFILE: 'cannot be opened: this process has too many open files',
};

export function errnoOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}

/** `does not exist`, for a failed read of a file. */
export function fileProblem(thrown: unknown): string {
  const code = errnoOf(thrown);
  return fileProblems[code] ?? `cannot be read (${code === '' ? 'unknown error' : code})`;
}
