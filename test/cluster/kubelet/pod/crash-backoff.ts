/** The kubelet's: 10 s, doubled up to 5 minutes, forgotten when a run lasted twice the longest. */
export interface CrashPolicy {
  readonly baseMs: number;
  readonly maxMs: number;
}

export const kubeletCrashPolicy: CrashPolicy = { baseMs: 10_000, maxMs: 300_000 };

/** `lastMs`: how long was waited before the last start; 0: it was not waited. */
export interface CrashBackoff {
  readonly lastMs: number;
  readonly failed: boolean;
}

export const noCrashes: CrashBackoff = { lastMs: 0, failed: false };

/** After a run that ended: the first restart is at once, each further one later. `lastMs` is how long to wait. */
export function afterCrash(before: CrashBackoff, ranMs: number, policy: CrashPolicy): CrashBackoff {
  if (!before.failed || ranMs > 2 * policy.maxMs) return { lastMs: 0, failed: true };
  const lastMs = Math.min(before.lastMs === 0 ? policy.baseMs : before.lastMs * 2, policy.maxMs);
  return { lastMs, failed: true };
}

export function isRestarted(policy: string | undefined, exitCode: number): boolean {
  return policy === 'Never' ? false : policy === 'OnFailure' ? exitCode !== 0 : true;
}
