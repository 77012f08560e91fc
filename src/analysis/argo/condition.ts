import { failure, ok, type Result } from '../../lib/result.ts';

/** What a measurement gave: one number, or a vector. */
export type Measurement = readonly number[];

/** A condition that was understood: true or false of a measurement, or an error (an index that is not there). */
export type Condition = (result: Measurement) => Result<boolean, string>;

type Value =
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'truth'; readonly truth: boolean };
type Evaluate = (result: Measurement) => Result<Value, string>;

/**
 * Reads a condition of an Argo Rollouts analysis, as far as it compares: `result`, `result[i]`, `len(result)`, `isNaN(x)`, `default(x, n)`,
 * numbers, the six comparisons, `!`, `&&`, `||` and brackets. Whatever else expr-lang knows is refused with the place.
 */
export function parseCondition(text: string): Result<Condition, string> {
  const tokens = tokenise(text);
  if (!tokens.ok) return tokens;
  const parser = new Parser(tokens.value);
  const parsed = parser.whole();
  if (!parsed.ok) return parsed;
  return ok((result) => {
    const value = parsed.value(result);
    if (!value.ok) return value;
    return value.value.kind === 'truth'
      ? ok(value.value.truth)
      : failure('the condition is a number, not true or false');
  });
}

const words = /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z]+)|(<=|>=|==|!=|&&|\|\||[<>!()[\],-]))/y;

function tokenise(text: string): Result<readonly string[], string> {
  const tokens: string[] = [];
  let at = 0;
  const end = text.trimEnd().length;
  while (at < end) {
    words.lastIndex = at;
    const match = words.exec(text);
    if (match === null) return failure(`"${text.slice(at).trim()}" is not understood`);
    tokens.push(match[0].trim());
    at = words.lastIndex;
  }
  return tokens.length === 0 ? failure('the condition is empty') : ok(tokens);
}

/** Recursive descent; a class only because it walks. */
class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  whole(): Result<Evaluate, string> {
    const parsed = this.#either();
    if (parsed.ok && this.#at < this.#tokens.length)
      return failure(`"${this.#tokens[this.#at]}" is out of place`);
    return parsed;
  }

  #either(): Result<Evaluate, string> {
    return this.#chain('||', () => this.#chain('&&', () => this.#negation()));
  }

  #chain(operator: '||' | '&&', next: () => Result<Evaluate, string>): Result<Evaluate, string> {
    let left = next();
    while (left.ok && this.#take(operator)) {
      const right = next();
      if (!right.ok) return right;
      left = ok(both(operator, left.value, right.value));
    }
    return left;
  }

  #negation(): Result<Evaluate, string> {
    if (!this.#take('!')) return this.#comparison();
    const inner = this.#negation();
    return inner.ok ? ok((result) => mapTruth(inner.value(result), (truth) => !truth)) : inner;
  }

  #comparison(): Result<Evaluate, string> {
    const left = this.#value();
    const operator = this.#tokens[this.#at] ?? '';
    const compare = comparisons[operator];
    if (!left.ok || compare === undefined) return left;
    this.#at += 1;
    const right = this.#value();
    return right.ok ? ok((result) => compared(left.value(result), right.value(result), compare)) : right;
  }

  #value(): Result<Evaluate, string> {
    const token = this.#tokens[this.#at] ?? '';
    this.#at += 1;
    if (token === '(') {
      const inner = this.#either();
      return inner.ok ? this.#closed(')', inner.value) : inner;
    }
    if (token === '-') {
      const inner = this.#value();
      return inner.ok ? ok((result) => mapNumber(inner.value(result), (number) => -number)) : inner;
    }
    if (/^\d/.test(token)) return ok(() => ok({ kind: 'number', number: Number(token) }));
    if (token === 'true' || token === 'false')
      return ok(() => ok({ kind: 'truth', truth: token === 'true' }));
    if (token === 'result') return this.#result();
    if (token === 'len') return this.#length();
    if (token === 'isNaN') {
      const inner = this.#argument();
      return inner.ok ? ok((result) => isNotNumber(inner.value(result))) : inner;
    }
    if (token === 'default') return this.#fallback();
    return failure(token === '' ? 'the condition ends too early' : `"${token}" is not understood`);
  }

  #result(): Result<Evaluate, string> {
    if (!this.#take('[')) {
      return ok((result) =>
        result.length === 1
          ? numberOf(result[0] ?? Number.NaN)
          : failure(`result has ${result.length} values: write result[0]`),
      );
    }
    const index = Number(this.#tokens[this.#at] ?? '');
    this.#at += 1;
    if (!Number.isInteger(index) || index < 0) return failure('an index is a whole number');
    return this.#closed(']', (result) => {
      const number = result[index];
      return number === undefined ? failure(`result has no value ${index}`) : numberOf(number);
    });
  }

  #length(): Result<Evaluate, string> {
    if (!this.#take('(') || !this.#take('result')) return failure('len is of result: write len(result)');
    return this.#closed(')', (result) => numberOf(result.length));
  }

  #fallback(): Result<Evaluate, string> {
    if (!this.#take('(')) return failure('default needs (value, number)');
    const value = this.#value();
    if (!value.ok) return value;
    if (!this.#take(',')) return failure('default needs (value, number)');
    const other = this.#value();
    if (!other.ok) return other;
    return this.#closed(')', (result) => {
      const found = value.value(result);
      const missing = !found.ok || (found.value.kind === 'number' && Number.isNaN(found.value.number));
      return missing ? other.value(result) : found;
    });
  }

  #argument(): Result<Evaluate, string> {
    if (!this.#take('(')) return failure('isNaN needs (value)');
    const inner = this.#value();
    return inner.ok ? this.#closed(')', inner.value) : inner;
  }

  #closed(bracket: string, value: Evaluate): Result<Evaluate, string> {
    return this.#take(bracket) ? ok(value) : failure(`"${bracket}" is missing`);
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

function both(operator: '||' | '&&', left: Evaluate, right: Evaluate): Evaluate {
  return (result) => {
    const first = left(result);
    if (!first.ok) return first;
    if (first.value.kind !== 'truth') return failure(`${operator} joins comparisons, not numbers`);
    // The rest is not looked at: `len(result) == 0 || result[0] < 1` is the usual guard.
    if (first.value.truth === (operator === '||')) return first;
    return mapTruth(right(result), (truth) => truth);
  };
}

function compared(
  left: Result<Value, string>,
  right: Result<Value, string>,
  compare: (a: number, b: number) => boolean,
): Result<Value, string> {
  if (!left.ok) return left;
  if (!right.ok) return right;
  if (left.value.kind !== 'number' || right.value.kind !== 'number')
    return failure('only numbers are compared');
  return ok({ kind: 'truth', truth: compare(left.value.number, right.value.number) });
}

function mapTruth(value: Result<Value, string>, map: (truth: boolean) => boolean): Result<Value, string> {
  if (!value.ok) return value;
  return value.value.kind === 'truth'
    ? ok({ kind: 'truth', truth: map(value.value.truth) })
    : failure('a number is neither true nor false');
}

function mapNumber(value: Result<Value, string>, map: (number: number) => number): Result<Value, string> {
  if (!value.ok) return value;
  return value.value.kind === 'number'
    ? numberOf(map(value.value.number))
    : failure('a comparison is no number');
}

function isNotNumber(value: Result<Value, string>): Result<Value, string> {
  if (!value.ok) return value;
  return ok({ kind: 'truth', truth: value.value.kind === 'number' && Number.isNaN(value.value.number) });
}

function numberOf(number: number): Result<Value, string> {
  return ok({ kind: 'number', number });
}
