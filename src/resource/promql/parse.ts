import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { parseDuration } from '../../lib/duration.ts';
import { failure, ok, type Result } from '../../lib/result.ts';
import type {
  Aggregation,
  Expression,
  LabelMatcher,
  MatchOperator,
  PromqlProblem,
  Range,
  Selector,
} from './expression.ts';
import { maskPlaceholders, type Placeholder, placeholdersOf } from './template.ts';

/** What the tree's nodes are read from: offsets are the same in both texts. */
interface Source {
  readonly text: string;
  readonly masked: string;
  readonly placeholders: readonly Placeholder[];
}

const maxQueryLength = 20_000;
const maxDepth = 200;

/**
 * Reads one PromQL query, with the placeholders of metric templates in it or not. The syntax is the official grammar's;
 * offsets are into `text`.
 */
export function parsePromql(text: string): Result<Expression, PromqlProblem> {
  if (text.trim() === '') return failure({ message: 'the query is empty', offset: 0 });
  if (text.length > maxQueryLength)
    return failure({ message: `longer than ${maxQueryLength} characters`, offset: 0 });
  const placeholders = placeholdersOf(text);
  if (!placeholders.ok) return placeholders;
  const masked = maskPlaceholders(text, placeholders.value);
  const source: Source = { text, masked, placeholders: placeholders.value };
  const tree = parser.parse(masked);
  let error: PromqlProblem | null = null;
  let depth = 0;
  tree.iterate({
    enter: (node) => {
      depth += 1;
      if (error) return false;
      if (node.type.isError) error = { message: unexpected(source, node.from, node.to), offset: node.from };
      else if (depth > maxDepth) error = { message: 'nested too deeply', offset: node.from };
      return undefined;
    },
    leave: () => {
      depth -= 1;
    },
  });
  if (error) return failure(error);
  const root = operandsOf(tree.topNode)[0];
  return root ? expressionOf(root, source) : failure({ message: 'the query is empty', offset: 0 });
}

function unexpected(source: Source, from: number, to: number): string {
  const rest = source.text.slice(from, to > from ? to : from + 12).trim();
  return rest === '' ? 'the query ends too early' : `"${rest}" does not belong here`;
}

const operandNames = new Set([
  'BinaryExpr',
  'UnaryExpr',
  'ParenExpr',
  'AggregateExpr',
  'FunctionCall',
  'VectorSelector',
  'MatrixSelector',
  'SubqueryExpr',
  'OffsetExpr',
  'StepInvariantExpr',
  'NumberDurationLiteral',
  'StringLiteral',
]);

/** The children that are expressions themselves. */
function operandsOf(node: SyntaxNode): readonly SyntaxNode[] {
  return allChildren(node).filter((child) => operandNames.has(child.name));
}

function allChildren(node: SyntaxNode): readonly SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) children.push(child);
  return children;
}

function textOf(node: SyntaxNode, source: Source): string {
  return source.text.slice(node.from, node.to);
}

function expressionOf(node: SyntaxNode, source: Source): Result<Expression, PromqlProblem> {
  const span = { from: node.from, to: node.to };
  switch (node.name) {
    case 'ParenExpr':
      return soleOperand(node, source, (operand) => operand);
    case 'NumberDurationLiteral':
      return numberOf(node, source);
    case 'StringLiteral':
      return ok({ kind: 'string', span, value: unquote(textOf(node, source)) });
    case 'VectorSelector':
      return ok(selectorOf(node, source, null));
    case 'MatrixSelector': {
      const vector = node.getChild('VectorSelector');
      const range = rangeOf(node, source);
      return vector && range ? ok({ ...selectorOf(vector, source, range), span }) : notReadable(node, source);
    }
    case 'SubqueryExpr': {
      const range = rangeOf(node, source);
      return range
        ? soleOperand(node, source, (operand) => ({ kind: 'subquery', span, operand, range }))
        : notReadable(node, source);
    }
    case 'OffsetExpr':
      return soleOperand(node, source, (operand) => ({ kind: 'shifted', span, by: 'offset', operand }));
    case 'StepInvariantExpr':
      return soleOperand(node, source, (operand) => ({ kind: 'shifted', span, by: 'at', operand }));
    case 'UnaryExpr': {
      const operator = source.masked.charAt(node.from) === '-' ? '-' : '+';
      return soleOperand(node, source, (operand) => ({ kind: 'unary', span, operator, operand }));
    }
    case 'FunctionCall':
      return callOf(node, source);
    case 'AggregateExpr':
      return aggregationOf(node, source);
    case 'BinaryExpr':
      return binaryOf(node, source);
    default:
      return notReadable(node, source);
  }
}

function notReadable(node: SyntaxNode, source: Source): Result<never, PromqlProblem> {
  return failure({ message: `"${textOf(node, source)}" is not understood`, offset: node.from });
}

function soleOperand(
  node: SyntaxNode,
  source: Source,
  wrap: (operand: Expression) => Expression,
): Result<Expression, PromqlProblem> {
  const child = operandsOf(node)[0];
  if (!child) return notReadable(node, source);
  const operand = expressionOf(child, source);
  return operand.ok ? ok(wrap(operand.value)) : operand;
}

function numberOf(node: SyntaxNode, source: Source): Result<Expression, PromqlProblem> {
  const span = { from: node.from, to: node.to };
  const written = textOf(node, source).toLowerCase();
  const special: Readonly<Record<string, number>> = { inf: Infinity, '+inf': Infinity, nan: Number.NaN };
  const number = special[written] ?? Number(written.replaceAll('_', ''));
  if (!Number.isNaN(number) || written === 'nan') return ok({ kind: 'number', span, value: number });
  const duration = durationMs(written);
  return duration === null ? notReadable(node, source) : ok({ kind: 'number', span, value: duration / 1000 });
}

/** Prometheus knows weeks and years besides; a bare number is seconds. */
function durationMs(written: string): number | null {
  const trimmed = written.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1000;
  const days = trimmed
    .replace(/(\d+)y/, (_, n: string) => `${Number(n) * 365}d`)
    .replace(/(\d+)w/, (_, n: string) => `${Number(n) * 7}d`);
  const parsed = parseDuration(days);
  return parsed.ok ? parsed.value : null;
}

function rangeOf(node: SyntaxNode, source: Source): Range | null {
  const child = node.getChild('DurationExpr');
  if (!child) return null;
  if (
    source.placeholders.some(
      (one) => one.name === 'interval' && one.from >= child.from && one.from <= child.to,
    )
  ) {
    return { kind: 'interval' };
  }
  const ms = durationMs(textOf(child, source));
  return ms === null ? null : { kind: 'fixed', ms };
}

function selectorOf(node: SyntaxNode, source: Source, range: Range | null): Selector {
  const identifier = node.getChild('Identifier');
  const matchers: LabelMatcher[] = [];
  let metric = identifier ? textOf(identifier, source) : null;
  for (const child of allChildren(node.getChild('LabelMatchers') ?? node)) {
    if (child.name === 'QuotedLabelName') metric = unquote(textOf(child, source));
    const matcher = matcherOf(child, source);
    if (!matcher) continue;
    if (matcher.label === '__name__' && matcher.operator === '=' && metric === null) metric = matcher.value;
    else matchers.push(matcher);
  }
  return { kind: 'selector', span: { from: node.from, to: node.to }, metric, matchers, range };
}

function matcherOf(node: SyntaxNode, source: Source): LabelMatcher | null {
  if (node.name !== 'UnquotedLabelMatcher' && node.name !== 'QuotedLabelMatcher') return null;
  const label = node.getChild('LabelName') ?? node.getChild('QuotedLabelName');
  const operator = node.getChild('MatchOp');
  const value = node.getChild('StringLiteral');
  if (!label || !operator || !value) return null;
  return {
    span: { from: node.from, to: node.to },
    label: node.name === 'QuotedLabelMatcher' ? unquote(textOf(label, source)) : textOf(label, source),
    operator: textOf(operator, source) as MatchOperator,
    value: unquote(textOf(value, source)),
  };
}

function callOf(node: SyntaxNode, source: Source): Result<Expression, PromqlProblem> {
  const name = node.getChild('FunctionIdentifier');
  const args = argsOf(node, source);
  if (!name) return notReadable(node, source);
  if (!args.ok) return args;
  return ok({
    kind: 'call',
    span: { from: node.from, to: node.to },
    name: textOf(name, source),
    args: args.value,
  });
}

function argsOf(node: SyntaxNode, source: Source): Result<readonly Expression[], PromqlProblem> {
  const body = node.getChild('FunctionCallBody');
  const args: Expression[] = [];
  for (const child of body ? operandsOf(body) : []) {
    const arg = expressionOf(child, source);
    if (!arg.ok) return arg;
    args.push(arg.value);
  }
  return ok(args);
}

function aggregationOf(node: SyntaxNode, source: Source): Result<Expression, PromqlProblem> {
  const operator = node.getChild('AggregateOp');
  const args = argsOf(node, source);
  if (!operator) return notReadable(node, source);
  if (!args.ok) return args;
  const modifier = node.getChild('AggregateModifier');
  const labels = allChildren(modifier?.getChild('GroupingLabels') ?? node)
    .filter((child) => child.name === 'LabelName' || child.name === 'QuotedLabelName')
    .map((child) => unquote(textOf(child, source)));
  const grouping: Aggregation['grouping'] = modifier
    ? { kind: modifier.getChild('By') ? 'by' : 'without', labels }
    : null;
  const span = { from: node.from, to: node.to };
  return ok({
    kind: 'aggregation',
    span,
    operator: textOf(operator, source).toLowerCase(),
    grouping,
    args: args.value,
  });
}

const plainModifiers = new Set(['BoolModifier', 'MatchingModifierClause']);

function binaryOf(node: SyntaxNode, source: Source): Result<Expression, PromqlProblem> {
  const [leftNode, rightNode] = operandsOf(node);
  if (!leftNode || !rightNode) return notReadable(node, source);
  const left = expressionOf(leftNode, source);
  if (!left.ok) return left;
  const right = expressionOf(rightNode, source);
  if (!right.ok) return right;
  const between = allChildren(node).filter(
    (child) => child.from >= leftNode.to && child.to <= rightNode.from,
  );
  const operator = between.find((child) => !plainModifiers.has(child.name));
  if (!operator) return notReadable(node, source);
  const modifiers = between
    .filter((child) => plainModifiers.has(child.name))
    .map((child) => textOf(child, source));
  return ok({
    kind: 'binary',
    span: { from: node.from, to: node.to },
    operator: textOf(operator, source).toLowerCase(),
    left: left.value,
    right: right.value,
    matching: modifiers.length > 0 ? modifiers.join(' ') : null,
  });
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** Go's string syntax, as far as label values use it. */
function unquote(written: string): string {
  const quote = written.charAt(0);
  if (quote !== '"' && quote !== "'" && quote !== '`') return written;
  const inner = written.slice(1, -1);
  return quote === '`' ? inner : inner.replaceAll(/\\(.)/gs, (_, char: string) => escapes[char] ?? char);
}
