import { isKubeError, type KubeError } from './kube-error.ts';

/** After a list or watch failed: go on from the last good resourceVersion, or list anew. */
export type AfterFailure = 'watch' | 'list';

/**
 * What to do after a failed watch. As in client-go, a version that is gone means a new list at once, an overloaded or absent server is
 * waited for in place, and what is not understood is answered by a new list, which is always right and only costs more. Unlike
 * client-go, a line that cannot be read is never passed over: the watch starts again before it.
 */
export function afterWatchFailure(thrown: unknown): AfterFailure {
  if (isTooLargeVersion(thrown)) return 'list';
  return isKubeError(
    thrown,
    'TooManyRequests',
    'Unreachable',
    'DeadlineExceeded',
    'ServiceUnavailable',
    'Timeout',
    'ServerTimeout',
    'InternalError',
    'Malformed',
    'Unauthorized',
    'Forbidden',
    'Aborted',
  )
    ? 'watch'
    : 'list';
}

export function isExpired(thrown: unknown): thrown is KubeError {
  return isKubeError(thrown, 'Expired', 'Gone') || (isKubeError(thrown) && thrown.code === 410);
}

/** The server does not stream lists: older than 1.32, or told not to. */
export function isStreamingRefused(thrown: unknown): boolean {
  return isKubeError(thrown, 'Invalid', 'BadRequest', 'MethodNotAllowed', 'NotAcceptable');
}

/** The server is behind the version we ask for: its storage was set back from a backup. Waiting for it could last for ever. */
function isTooLargeVersion(thrown: unknown): boolean {
  return (
    isKubeError(thrown, 'Timeout', 'ServerTimeout') && /too large resource version/i.test(thrown.message)
  );
}
