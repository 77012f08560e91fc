import { createHash } from 'node:crypto';
import { canonicalJson } from '../lib/canonical-json.ts';

/** Changes when the meaning of equal JSON changes; every service then gets a new revision once. */
const hashVersion = 'sluice-revision-1';

/**
 * Names what is run: ten hex digits of SHA-256 over the canonical JSON of the template. The number of replicas and how they are
 * replaced are not part of a template, so scaling is never a release.
 */
export function revisionOf(template: unknown): string {
  return createHash('sha256')
    .update(`${hashVersion}\n${canonicalJson(template)}`)
    .digest('hex')
    .slice(0, 10);
}
