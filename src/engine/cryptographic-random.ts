import { randomInt, randomUUID } from 'node:crypto';
import type { Random } from './ports.ts';

const steps = 2 ** 47;

/** The Random of production. */
export function cryptographicRandom(): Random {
  return { next: () => randomInt(steps) / steps, id: () => randomUUID() };
}
