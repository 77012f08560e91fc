import type { Expression, LabelMatcher, MatchOperator, Range, Selector } from './expression.ts';

/** The query is `scale × (part / total)`, or with `of: 'rest'` `scale × (1 − part / total)`. Selectors are without range. */
export interface RatioMeaning {
  readonly kind: 'ratio';
  readonly total: Selector;
  readonly part: Selector;
  readonly of: 'part' | 'rest';
  /** 1: a share; 100: percent. */
  readonly scale: number;
  readonly window: Range;
}

/** The query is `scale × quantile` of a histogram whose bounds are in the metric's unit (seconds by convention). */
export interface QuantileMeaning {
  readonly kind: 'quantile';
  /** 0 to 1. */
  readonly quantile: number;
  readonly buckets: Selector;
  /** 1: the metric's unit; 1000: milliseconds of a metric in seconds. */
  readonly scale: number;
  readonly window: Range;
}

export type QueryMeaning = RatioMeaning | QuantileMeaning;

/** Recognises what most checks are: a ratio of summed rates, one minus it, or a quantile of summed bucket rates. */
export function meaningOf(expression: Expression): QueryMeaning | null {
  if (expression.kind === 'unary' && expression.operator === '+') return meaningOf(expression.operand);
  if (expression.kind === 'call') return quantileOf(expression);
  if (expression.kind !== 'binary' || expression.matching !== null) return null;
  return scaled(expression) ?? remainder(expression) ?? ratioOf(expression);
}

type Binary = Extract<Expression, { kind: 'binary' }>;

/** A number that is written out; sums and products of literals are worked out. */
export function constantOf(expression: Expression): number | null {
  if (expression.kind === 'number') return expression.value;
  if (expression.kind === 'unary') {
    const value = constantOf(expression.operand);
    return value === null ? null : expression.operator === '-' ? -value : value;
  }
  if (expression.kind === 'call' && (expression.name === 'scalar' || expression.name === 'vector')) {
    const arg = expression.args[0];
    return arg ? constantOf(arg) : null;
  }
  if (expression.kind !== 'binary') return null;
  const left = constantOf(expression.left);
  const right = constantOf(expression.right);
  if (left === null || right === null) return null;
  return (
    { '*': left * right, '/': left / right, '+': left + right, '-': left - right }[expression.operator] ??
    null
  );
}

function scaled(expression: Binary): QueryMeaning | null {
  const right = constantOf(expression.right);
  if (right !== null && (expression.operator === '*' || expression.operator === '/')) {
    const meaning = meaningOf(expression.left);
    return meaning && withScale(meaning, expression.operator === '*' ? right : 1 / right);
  }
  const left = constantOf(expression.left);
  if (left !== null && expression.operator === '*') {
    const meaning = meaningOf(expression.right);
    return meaning && withScale(meaning, left);
  }
  // `100 * sum(rate(a)) / sum(rate(b))` is read from the left: the number stands inside the numerator.
  if (expression.operator === '/' && expression.left.kind === 'binary' && expression.left.operator === '*') {
    const { left: factor, right: numerator } = expression.left;
    const first = constantOf(factor);
    const second = constantOf(numerator);
    if (first !== null) return rescaled(expression, numerator, first);
    if (second !== null) return rescaled(expression, factor, second);
  }
  return null;
}

function rescaled(expression: Binary, numerator: Expression, factor: number): QueryMeaning | null {
  const meaning = ratioOf({ ...expression, left: numerator });
  return meaning && withScale(meaning, factor);
}

function withScale(meaning: QueryMeaning, factor: number): QueryMeaning | null {
  // 0.001 × 1000 must be 1 again, and a scale of nothing or less is no unit.
  const scale = Number((meaning.scale * factor).toPrecision(12));
  return scale > 0 && Number.isFinite(scale) ? { ...meaning, scale } : null;
}

/** `1 − ratio`, `100 − 100 × ratio`. */
function remainder(expression: Binary): QueryMeaning | null {
  if (expression.operator !== '-') return null;
  const whole = constantOf(expression.left);
  const meaning = whole === null ? null : meaningOf(expression.right);
  if (meaning?.kind === 'ratio' && meaning.scale === whole)
    return { ...meaning, of: meaning.of === 'part' ? 'rest' : 'part' };
  return null;
}

function ratioOf(expression: Binary): RatioMeaning | null {
  if (expression.operator !== '/') return null;
  const total = summedRate(expression.right);
  if (!total) return null;
  const numerator = expression.left;
  if (numerator.kind === 'binary' && numerator.operator === '-' && numerator.matching === null) {
    const whole = summedRate(numerator.left);
    const taken = summedRate(numerator.right);
    return whole && taken && sameSelector(whole.selector, total.selector)
      ? ratio(total, taken, 'rest')
      : null;
  }
  const part = summedRate(numerator);
  return part && ratio(total, part, 'part');
}

function ratio(total: SummedRate, part: SummedRate, of: 'part' | 'rest'): RatioMeaning | null {
  if (total.selector.metric === null || JSON.stringify(total.window) !== JSON.stringify(part.window))
    return null;
  // Two counters of their own (`errors_total / requests_total`) are a ratio as well; one counter must be a part of itself.
  if (part.selector.metric === total.selector.metric && !isPart(part.selector, total.selector)) return null;
  if (part.selector.metric === null) return null;
  return { kind: 'ratio', total: total.selector, part: part.selector, of, scale: 1, window: total.window };
}

interface SummedRate {
  readonly selector: Selector;
  readonly window: Range;
}

const rateFunctions = new Set(['rate', 'increase', 'irate', 'delta']);

/** `sum(rate(selector[window]))`, all series added up. `allowed` are the labels that may stay apart. */
function summedRate(expression: Expression, allowed: readonly string[] = []): SummedRate | null {
  if (expression.kind !== 'aggregation' || expression.operator !== 'sum') return null;
  const { grouping, args } = expression;
  if (grouping && (grouping.kind === 'without' || grouping.labels.some((label) => !allowed.includes(label))))
    return null;
  if (allowed.some((label) => !grouping?.labels.includes(label))) return null;
  const rate = args[0];
  if (rate?.kind !== 'call' || !rateFunctions.has(rate.name)) return null;
  const selector = rate.args[0];
  if (selector?.kind !== 'selector' || selector.range === null) return null;
  return { selector: { ...selector, range: null }, window: selector.range };
}

function quantileOf(expression: Extract<Expression, { kind: 'call' }>): QuantileMeaning | null {
  if (expression.name !== 'histogram_quantile') return null;
  const [first, second] = expression.args;
  const quantile = first ? constantOf(first) : null;
  const rate = second ? summedRate(second, ['le']) : null;
  if (quantile === null || !(quantile > 0 && quantile < 1) || !rate || rate.selector.metric === null)
    return null;
  return { kind: 'quantile', quantile, buckets: rate.selector, scale: 1, window: rate.window };
}

function keyOf(matcher: LabelMatcher): string {
  return `${matcher.label}${matcher.operator}${matcher.value}`;
}

/** Does `part` select only series that `total` selects as well? Told by equal matchers, not by what they match. */
export function isPart(part: Selector, total: Selector): boolean {
  if (part.metric !== total.metric) return false;
  const own = new Set(part.matchers.map(keyOf));
  return total.matchers.every((matcher) => own.has(keyOf(matcher)));
}

function sameSelector(a: Selector, b: Selector): boolean {
  return isPart(a, b) && isPart(b, a);
}

const negated: Readonly<Record<MatchOperator, MatchOperator>> = {
  '=': '!=',
  '!=': '=',
  '=~': '!~',
  '!~': '=~',
};

/** `total` without `part` as one selector: possible when one matcher alone makes the difference. */
function restOf(total: Selector, part: Selector): Selector | null {
  if (!isPart(part, total)) return null;
  const shared = new Set(total.matchers.map(keyOf));
  const extra = part.matchers.filter((matcher) => !shared.has(keyOf(matcher)));
  const [only] = extra;
  if (extra.length !== 1 || !only) return null;
  return { ...total, matchers: [...total.matchers, { ...only, operator: negated[only.operator] }] };
}

/**
 * What counts against a release: with an upper limit the share that is measured, with a lower limit what is missing from
 * it. null where no single selector says that.
 */
export function badOf(meaning: RatioMeaning, limit: 'max' | 'min'): Selector | null {
  const measuredIsPart = meaning.of === 'part';
  return (limit === 'max') === measuredIsPart ? meaning.part : restOf(meaning.total, meaning.part);
}
