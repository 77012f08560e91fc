/** Half-open range of UTF-16 offsets in the text that was parsed. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export type MatchOperator = '=' | '!=' | '=~' | '!~';

export interface LabelMatcher {
  readonly span: Span;
  readonly label: string;
  readonly operator: MatchOperator;
  /** Unquoted; placeholders of metric templates stay as they were written. */
  readonly value: string;
}

/** A window: a fixed length, or the metric's own interval (`{{ interval }}`). */
export type Range = { readonly kind: 'fixed'; readonly ms: number } | { readonly kind: 'interval' };

/** An instant selector, or with a range a matrix selector. */
export interface Selector {
  readonly kind: 'selector';
  readonly span: Span;
  /** null where only `{__name__=~…}` says which metric. */
  readonly metric: string | null;
  readonly matchers: readonly LabelMatcher[];
  readonly range: Range | null;
}

interface NumberLiteral {
  readonly kind: 'number';
  readonly span: Span;
  readonly value: number;
}

interface StringLiteral {
  readonly kind: 'string';
  readonly span: Span;
  readonly value: string;
}

interface FunctionCall {
  readonly kind: 'call';
  readonly span: Span;
  readonly name: string;
  readonly args: readonly Expression[];
}

export interface Aggregation {
  readonly kind: 'aggregation';
  readonly span: Span;
  readonly operator: string;
  readonly grouping: { readonly kind: 'by' | 'without'; readonly labels: readonly string[] } | null;
  readonly args: readonly Expression[];
}

interface BinaryExpression {
  readonly kind: 'binary';
  readonly span: Span;
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
  /** `bool`, `on (…)`, `ignoring (…)`, `group_left (…)` as written; null without. */
  readonly matching: string | null;
}

interface UnaryExpression {
  readonly kind: 'unary';
  readonly span: Span;
  readonly operator: '+' | '-';
  readonly operand: Expression;
}

interface Subquery {
  readonly kind: 'subquery';
  readonly span: Span;
  readonly operand: Expression;
  readonly range: Range;
}

/** `offset` or `@`: the same thing at another time. */
interface ShiftedExpression {
  readonly kind: 'shifted';
  readonly span: Span;
  readonly by: 'offset' | 'at';
  readonly operand: Expression;
}

/** A PromQL query. Parentheses are not nodes of their own; a node inside them has its own span. */
export type Expression =
  | Selector
  | NumberLiteral
  | StringLiteral
  | FunctionCall
  | Aggregation
  | BinaryExpression
  | UnaryExpression
  | Subquery
  | ShiftedExpression;

export interface PromqlProblem {
  readonly message: string;
  /** UTF-16 offset into the text that was given. */
  readonly offset: number;
}

function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'selector':
    case 'number':
    case 'string':
      return [];
    case 'call':
    case 'aggregation':
      return expression.args;
    case 'binary':
      return [expression.left, expression.right];
    case 'unary':
    case 'subquery':
    case 'shifted':
      return [expression.operand];
  }
}

/** Every selector of a query, from left to right. */
export function selectorsOf(expression: Expression): readonly Selector[] {
  return expression.kind === 'selector' ? [expression] : childrenOf(expression).flatMap(selectorsOf);
}

/** What an expression evaluates to, as Prometheus names it. */
export type ValueType = 'scalar' | 'string' | 'vector' | 'matrix';

const scalarFunctions = new Set(['scalar', 'time', 'pi', 'step', 'range', 'start', 'end']);

export function valueTypeOf(expression: Expression): ValueType {
  switch (expression.kind) {
    case 'selector':
      return expression.range ? 'matrix' : 'vector';
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'call':
      return scalarFunctions.has(expression.name) ? 'scalar' : 'vector';
    case 'aggregation':
      return 'vector';
    case 'binary':
      return valueTypeOf(expression.left) === 'scalar' && valueTypeOf(expression.right) === 'scalar'
        ? 'scalar'
        : 'vector';
    case 'unary':
    case 'shifted':
      return valueTypeOf(expression.operand);
    case 'subquery':
      return 'matrix';
  }
}
