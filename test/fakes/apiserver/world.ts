import type { Clock } from '../../../src/kube/clock.ts';
import type { Registry } from './registry.ts';
import type { Store } from './store.ts';

/** What all parts of the server share. */
export interface World {
  readonly store: Store;
  readonly registry: Registry;
  /** Real, or moved by a test. */
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

/** `2026-01-01T00:00:00Z`: `metav1.Time` has no fractions. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

export function keyOf(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

export function newUid(random: () => number): string {
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
  return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
}

const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789';

/** Five letters, none of which spell a word. */
export function nameSuffix(random: () => number): string {
  return Array.from({ length: 5 }, () => suffixLetters[Math.floor(random() * suffixLetters.length)]).join('');
}
