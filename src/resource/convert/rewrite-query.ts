import { formatDuration } from '../../lib/duration.ts';
import { armLabel, isTooWide } from '../promql/arms.ts';
import { selectorsOf, type Span } from '../promql/expression.ts';
import { parsePromql } from '../promql/parse.ts';

export interface RewrittenQuery {
  readonly text: string;
  /** With one arm, but with the window it had. */
  readonly narrowedText: string;
  /** Matchers that accepted both arms and now name the canary's pods. */
  readonly narrowed: readonly string[];
  /** The one window that stood in it and is now `{{ interval }}`; null where there was none, or several. */
  readonly window: string | null;
}

/** A query as a template: of one arm, and with the metric's interval as its window. What cannot be read stays as it is. */
export function rewriteQuery(query: string, target: string): RewrittenQuery {
  const narrow = narrowArms(query, target);
  const parsed = parsePromql(narrow.text);
  const ranges = parsed.ok
    ? selectorsOf(parsed.value).flatMap(({ range, span }) => (range ? [{ range, span }] : []))
    : [];
  const [first] = ranges;
  const fixed =
    first?.range.kind === 'fixed' &&
    ranges.every(({ range }) => JSON.stringify(range) === JSON.stringify(first.range));
  if (!fixed || first?.range.kind !== 'fixed') return { ...narrow, narrowedText: narrow.text, window: null };
  const spans = ranges.flatMap(({ span }) => windowSpan(narrow.text, span));
  const text = replaceSpans(narrow.text, spans, '{{ interval }}');
  return {
    text,
    narrowedText: narrow.text,
    narrowed: narrow.narrowed,
    window: formatDuration(first.range.ms),
  };
}

function windowSpan(text: string, span: Span): readonly Span[] {
  const from = text.lastIndexOf('[', span.to);
  return from < span.from ? [] : [{ from: from + 1, to: text.indexOf(']', from) }];
}

function narrowArms(
  query: string,
  target: string,
): { readonly text: string; readonly narrowed: readonly string[] } {
  const parsed = parsePromql(query);
  const matchers = parsed.ok ? selectorsOf(parsed.value).flatMap((selector) => selector.matchers) : [];
  const wide = matchers.filter((matcher) => isTooWide(matcher, target));
  let text = query;
  for (const { span, label } of wide.toSorted((a, b) => b.span.from - a.span.from)) {
    text = text.slice(0, span.from) + (armLabel(label, target)?.matcher ?? '') + text.slice(span.to);
  }
  return {
    text,
    narrowed: [...new Set(wide.map(({ label, operator, value }) => `${label}${operator}"${value}"`))],
  };
}

function replaceSpans(text: string, spans: readonly Span[], replacement: string): string {
  let result = text;
  for (const { from, to } of spans.toSorted((a, b) => b.from - a.from)) {
    result = result.slice(0, from) + replacement + result.slice(to);
  }
  return result;
}
