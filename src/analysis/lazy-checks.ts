import type { CheckVerdict, Verdict } from './judge.ts';

type Describe = () => readonly CheckVerdict[];

/** Hidden on the verdict itself: a WeakMap of all verdicts would keep each of a million until the next full collection. */
const describer = Symbol('describer');

interface Lazy {
  [describer]: Describe;
}

/** One accessor for all verdicts: an object literal with a getter of its own would be a shape of its own for the machine. */
const accessor: PropertyDescriptor = {
  enumerable: true,
  get(this: Lazy): readonly CheckVerdict[] {
    const checks = this[describer]();
    this[describer] = () => checks;
    return checks;
  },
};

/**
 * A verdict whose `checks` are worked out when they are first read. Intervals and sentences cost more than the judgement, and a replay
 * of a million blocks reads the last ones only. It copies and prints like any other object.
 */
export function withLazyChecks(verdict: Omit<Verdict, 'checks'>, describe: Describe): Verdict {
  const lazy = Object.defineProperty({ ...verdict, checks: [] }, 'checks', accessor);
  return Object.defineProperty(lazy, describer, { value: describe, writable: true });
}
