import { type Finding, findingAt, type FindingParts } from '../../finding.ts';
import { parseObjective } from '../../objective.ts';
import { armLabel, isTooWide } from '../../promql/arms.ts';
import type { Selector } from '../../promql/expression.ts';
import { isPart } from '../../promql/meaning.ts';
import { parsePromql } from '../../promql/parse.ts';
import type { CanarySource, LintContext, MetricSourceEntry } from '../context.ts';
import { recordAt, textAt } from '../values.ts';

/** The raw selectors of objectives: are they selectors, of one arm, and do they fit the limit? */
export function lintObjectives(context: LintContext): readonly Finding[] {
  return context.canaries.flatMap((canary) =>
    canary.metrics.flatMap((metric) =>
      recordAt(metric.value, ['objective']) === null ? [] : lintObjective(canary, metric),
    ),
  );
}

const parts = ['total', 'bad', 'buckets'] as const;

function lintObjective(canary: CanarySource, metric: MetricSourceEntry): readonly Finding[] {
  const texts = parts.flatMap((key) => {
    const text = textAt(metric.value, ['objective', key]);
    return text === null ? [] : [{ key, text }];
  });
  const found = texts.flatMap(({ key, text }) => lintSelector(canary, metric, key, text));
  const given = new Set(texts.map(({ key }) => key));
  return [...found, ...incomplete(canary, metric, given), ...outside(canary, metric)];
}

function at(
  canary: CanarySource,
  metric: MetricSourceEntry,
  key: string | null,
  finding: FindingParts,
): Finding {
  return findingAt(canary.document, [...metric.path, 'objective', ...(key === null ? [] : [key])], finding);
}

function lintSelector(
  canary: CanarySource,
  metric: MetricSourceEntry,
  key: string,
  text: string,
): readonly Finding[] {
  const selector = selectorOf(text);
  if (typeof selector === 'string') {
    const fix = 'write a metric with its labels, such as requests_total{job="shop"}';
    return [
      at(canary, metric, key, {
        code: 'objective-not-selector',
        message: `${key} is not a selector: ${selector}.`,
        fix,
      }),
    ];
  }
  const wide = selector.matchers.find((matcher) => isTooWide(matcher, canary.target));
  if (!wide) return [];
  const message = `${wide.label}${wide.operator}"${wide.value}" also matches the stable pods, such as ${armLabel(wide.label, canary.target)?.stable}.`;
  return [
    at(canary, metric, key, {
      code: 'query-both-arms',
      message,
      fix: `write ${armLabel(wide.label, canary.target)?.matcher}`,
    }),
  ];
}

/** The selector, or why the text is none. */
function selectorOf(text: string): Selector | string {
  const parsed = parsePromql(text);
  if (!parsed.ok) return parsed.error.message;
  if (parsed.value.kind !== 'selector') return 'it is a whole query';
  return parsed.value.range === null ? parsed.value : 'it has a window';
}

function incomplete(
  canary: CanarySource,
  metric: MetricSourceEntry,
  given: ReadonlySet<string>,
): readonly Finding[] {
  const limit = textAt(metric.value, ['objective', 'limit']);
  const parsed = limit === null ? null : parseObjective(limit, metric.name);
  if (given.size === 0 || !parsed?.ok) return [];
  const wanted = parsed.value.measure.kind === 'latencyQuantile' ? ['buckets'] : ['total', 'bad'];
  const missing = wanted.filter((key) => !given.has(key));
  if (missing.length === 0) return [];
  const message = `The limit "${limit}" needs ${wanted.join(' and ')}, and ${missing.join(' and ')} is missing.`;
  return [
    at(canary, metric, null, { code: 'objective-incomplete', message, fix: `add ${missing.join(' and ')}` }),
  ];
}

function outside(canary: CanarySource, metric: MetricSourceEntry): readonly Finding[] {
  const [total, bad] = ['total', 'bad'].map((key) =>
    selectorOf(textAt(metric.value, ['objective', key]) ?? ''),
  );
  if (
    typeof total !== 'object' ||
    typeof bad !== 'object' ||
    total.metric !== bad.metric ||
    isPart(bad, total)
  )
    return [];
  const message = 'bad lacks a label that total has.';
  return [
    at(canary, metric, 'bad', {
      code: 'objective-bad-outside',
      message,
      fix: 'write all labels of total in bad as well, and one more',
    }),
  ];
}
