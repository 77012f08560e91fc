/** A controller that is aborted with its parent. `unlink` when done: a parent lives for the whole run of the process. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  readonly abort: () => void;
  readonly unlink: () => void;
}

export function linkedAbort(parent?: AbortSignal): LinkedAbort {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  if (parent?.aborted === true) abort();
  else parent?.addEventListener('abort', abort, { once: true });
  return { signal: controller.signal, abort, unlink: () => parent?.removeEventListener('abort', abort) };
}
