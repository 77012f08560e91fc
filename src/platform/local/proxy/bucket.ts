export const bucketCount = 10_000;

/**
 * The bucket, 0 to 9,999, of a key under a salt. FNV-1a alone has poor high bits for short keys; the 32-bit finaliser of
 * MurmurHash3 (fmix32) mends that. The salt is the rollout, so that not the same users are always the first ones.
 */
export function bucketOf(salt: string, key: string): number {
  let hash = fnv1a(0x811c9dc5, salt);
  hash = Math.imul(hash ^ 0xff, 0x01000193);
  return mix(fnv1a(hash, key)) % bucketCount;
}

function fnv1a(seed: number, text: string): number {
  let hash = seed;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    hash = Math.imul(hash ^ (code & 0xff), 0x01000193);
    if (code > 0xff) hash = Math.imul(hash ^ (code >>> 8), 0x01000193);
  }
  return hash;
}

function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
