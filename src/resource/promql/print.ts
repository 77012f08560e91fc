import type { LabelMatcher, Selector } from './expression.ts';

function printMatcher(matcher: LabelMatcher): string {
  return `${matcher.label}${matcher.operator}${JSON.stringify(matcher.value)}`;
}

/** A selector on one line, without its range: `requests_total{namespace="shop", status=~"5.."}`. */
export function printSelector(selector: Selector): string {
  const metric = selector.metric ?? '';
  const matchers = selector.matchers.map(printMatcher).join(', ');
  return matchers === '' ? metric || '{}' : `${metric}{${matchers}}`;
}
