/** A failed assertion is a bug in Sluice. It stops the rollout it happened in and leaves its traffic as it is. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

/** The only way to throw in a pure folder. `message` states what must hold. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(`must hold: ${message}`);
}

/** For the end of an exhaustive switch: the compiler refuses it while a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`must hold: no value reaches here, but got ${JSON.stringify(value)}`);
}
