import { failure, ok, type Result } from '../../lib/result.ts';
import type { PromqlProblem } from './expression.ts';

/** What a query of a MetricTemplate may ask for between double braces; `variables.x` reads the metric's `templateVariables`. */
const placeholderNames = ['name', 'namespace', 'target', 'service', 'ingress', 'route', 'interval'] as const;

type PlaceholderName = (typeof placeholderNames)[number] | `variables.${string}`;

export interface Placeholder {
  readonly name: PlaceholderName;
  readonly from: number;
  readonly to: number;
}

// No braces inside: a lazy `.*?` takes quadratic time on many that are open.
const bracePattern = /\{\{([^{}]*)\}\}/g;
const variablePattern = /^(?:variables\.([\w-]+)|index\s+variables\s+"([^"]*)")$/;

/** Finds the placeholders of a query. An unknown one is a problem: Flagger's template would fail at the first tick. */
export function placeholdersOf(text: string): Result<readonly Placeholder[], PromqlProblem> {
  const found: Placeholder[] = [];
  for (const match of text.matchAll(bracePattern)) {
    const name = (match[1] ?? '').replace(/^-|-$/g, '').trim();
    const variable = variablePattern.exec(name);
    if (variable) {
      found.push({
        name: `variables.${variable[1] ?? variable[2] ?? ''}`,
        from: match.index,
        to: match.index + match[0].length,
      });
    } else if (isPlaceholderName(name)) {
      found.push({ name, from: match.index, to: match.index + match[0].length });
    } else {
      const known = [...placeholderNames, 'variables.NAME'].join(', ');
      return failure({
        message: `unknown placeholder "${match[0]}"; known are ${known}`,
        offset: match.index,
      });
    }
  }
  return ok(found);
}

function isPlaceholderName(name: string): name is (typeof placeholderNames)[number] {
  return (placeholderNames as readonly string[]).includes(name);
}

/**
 * The same text with every placeholder replaced by something of the same length that PromQL can read, so that offsets stay:
 * a duration where `interval` stands outside quotes, else letters.
 */
export function maskPlaceholders(text: string, placeholders: readonly Placeholder[]): string {
  let masked = '';
  let at = 0;
  let quote: string | null = null;
  for (const placeholder of placeholders) {
    const before = text.slice(at, placeholder.from);
    quote = quoteAfter(before, quote);
    const length = placeholder.to - placeholder.from;
    const mask = placeholder.name === 'interval' && quote === null ? '1m'.padEnd(length) : '_'.repeat(length);
    masked += before + mask;
    at = placeholder.to;
  }
  return masked + text.slice(at);
}

/** The quote that is open after `text`, if `open` was before it. */
function quoteAfter(text: string, open: string | null): string | null {
  let quote = open;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (quote === null) {
      if (char === '"' || char === "'" || char === '`') quote = char;
    } else if (char === '\\' && quote !== '`') {
      index += 1;
    } else if (char === quote) {
      quote = null;
    }
  }
  return quote;
}
