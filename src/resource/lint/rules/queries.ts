import { formatDuration } from '../../../lib/duration.ts';
import { type Finding, findingAt, findingIn, type FindingParts, type Position } from '../../finding.ts';
import { armLabel, canaryPodPattern, isTooWide } from '../../promql/arms.ts';
import { type Expression, type Selector, selectorsOf, valueTypeOf } from '../../promql/expression.ts';
import { badOf, constantOf, meaningOf, type QueryMeaning } from '../../promql/meaning.ts';
import { parsePromql } from '../../promql/parse.ts';
import { type ConfigMapMetric, configMapMetrics } from '../config-map-metrics.ts';
import { type CanarySource, isPrometheus, type LintContext, type MetricSourceEntry } from '../context.ts';
import { flaggerRun } from '../flagger-arithmetic.ts';
import { placeInText } from '../text-place.ts';
import { durationAt, textAt } from '../values.ts';

/** A query together with the way to say where in it something stands. */
interface Query {
  readonly text: string;
  readonly canary: CanarySource | undefined;
  readonly metric: MetricSourceEntry | undefined;
  at(offset: number, parts: FindingParts): Finding;
}

/** Everything that can be said of a query from its text. */
export function lintQueries(context: LintContext): readonly Finding[] {
  const used = context.canaries.flatMap((canary) =>
    canary.metrics.flatMap((metric) => metric.queries.map((source) => ({ canary, metric, source }))),
  );
  const usedTemplates = new Set(used.map(({ source }) => source.document));
  const unused = context
    .ofKind('MetricTemplate')
    .filter((document) => !usedTemplates.has(document) && isPrometheus(document));
  return [
    ...used.flatMap(({ canary, metric, source: { document, path, text } }) =>
      lintQuery({
        text,
        canary,
        metric,
        at: (offset, parts) => findingIn(document.file, placeInText(document, path, text, offset), parts),
      }),
    ),
    ...unused.flatMap((document) => {
      const text = textAt(document.value, ['spec', 'query']);
      if (text === null) return [];
      const at = (offset: number, parts: FindingParts) =>
        findingIn(document.file, placeInText(document, ['spec', 'query'], text, offset), parts);
      return lintQuery({ text, canary: undefined, metric: undefined, at });
    }),
    ...lintConfigMaps(context),
  ];
}

function lintConfigMaps(context: LintContext): readonly Finding[] {
  const metrics = configMapMetrics(context.documents);
  const documents = [...new Set(metrics.map(({ document }) => document))];
  const unread = documents.map((document) => {
    const own = metrics.filter((metric) => metric.document === document);
    const message = `Nothing reads the queries of this ConfigMap (${own.map(({ name }) => name).join(', ')}).`;
    const fix = 'write each as a MetricTemplate and refer to it with templateRef; "sluice convert" does that';
    return findingAt(document, own[0]?.path ?? ['data'], { code: 'config-map-not-read', message, fix });
  });
  return [...unread, ...metrics.flatMap((metric) => lintQuery(configMapQuery(context, metric)))];
}

function configMapQuery(context: LintContext, metric: ConfigMapMetric): Query {
  const canary = context.canaries.find(
    ({ document, metrics }) =>
      document.namespace === metric.document.namespace && metrics.some(({ name }) => name === metric.name),
  );
  const at = (offset: number, parts: FindingParts) =>
    findingIn(metric.document.file, configMapPlace(metric, offset), parts);
  return { text: metric.query, canary, metric: canary?.metrics.find(({ name }) => name === metric.name), at };
}

function configMapPlace(metric: ConfigMapMetric, offset: number): Position {
  const text = metric.document.value['data'];
  const outer =
    typeof text === 'object' && text !== null
      ? String((text as Readonly<Record<string, unknown>>)[String(metric.path[1])])
      : '';
  const base = placeInText(metric.document, metric.path, outer, 0);
  if (metric.linesBefore === null) return base;
  const before = metric.query.slice(0, offset).split('\n');
  return {
    line: base.line + metric.linesBefore + before.length - 1,
    column: base.column + metric.columnsBefore + (before.at(-1)?.length ?? 0),
  };
}

function lintQuery(query: Query): readonly Finding[] {
  const parsed = parsePromql(query.text);
  if (!parsed.ok) {
    // An unknown placeholder has a code of its own, which checking the resource gives.
    if (parsed.error.message.startsWith('unknown placeholder')) return [];
    const message = `The query is not PromQL: ${parsed.error.message}.`;
    return [
      query.at(parsed.error.offset, {
        code: 'query-syntax',
        message,
        fix: 'correct the query; try it in Prometheus first',
      }),
    ];
  }
  const expression = parsed.value;
  const meaning = meaningOf(expression);
  const type = valueTypeOf(expression);
  if (type === 'matrix' || type === 'string') {
    const what = type === 'matrix' ? 'every sample of a window' : 'text';
    return [
      query.at(expression.span.from, {
        code: 'query-result',
        message: `The query answers with ${what}.`,
        fix: 'wrap it in a function such as rate and in sum',
      }),
    ];
  }
  return [
    ...severalSeries(query, expression),
    ...arms(query, expression),
    ...windows(query, expression),
    ...limits(query, meaning),
    ...unguaranteed(query, meaning),
  ];
}

/** Can the query answer with more than one series? Only what is aggregated without labels surely cannot. */
function yieldsOne(expression: Expression): boolean {
  switch (expression.kind) {
    case 'number':
      return true;
    case 'aggregation':
      return (
        expression.grouping === null &&
        !['topk', 'bottomk', 'limitk', 'limit_ratio', 'count_values'].includes(expression.operator)
      );
    case 'call':
      if (expression.name === 'histogram_quantile')
        return expression.args[1] !== undefined && groupsOnlyBy(expression.args[1], 'le');
      return expression.args.every((arg) => arg.kind === 'string' || yieldsOne(arg));
    case 'binary':
      return ['and', 'or', 'unless'].includes(expression.operator)
        ? yieldsOne(expression.left) && yieldsOne(expression.right)
        : (yieldsOne(expression.left) &&
            (yieldsOne(expression.right) || constantOf(expression.left) === null)) ||
            (yieldsOne(expression.right) && constantOf(expression.right) === null);
    case 'unary':
    case 'shifted':
      return yieldsOne(expression.operand);
    case 'selector':
    case 'string':
    case 'subquery':
      return false;
  }
}

function groupsOnlyBy(expression: Expression, label: string): boolean {
  if (expression.kind !== 'aggregation') return false;
  return expression.grouping?.kind === 'by' && expression.grouping.labels.every((one) => one === label);
}

function severalSeries(query: Query, expression: Expression): readonly Finding[] {
  if (yieldsOne(expression)) return [];
  const message = 'The query can answer with more than one series.';
  return [
    query.at(expression.span.from, {
      code: 'query-several-series',
      message,
      fix: 'add all up: sum(…) without by, or by (le) inside histogram_quantile',
    }),
  ];
}

const armPlaceholder = /\{\{-?\s*(target|service|name|ingress|route)\s*-?\}\}/;
const canaryWords = /canary/;

function arms(query: Query, expression: Expression): readonly Finding[] {
  const selectors = selectorsOf(expression);
  const wide = selectors.flatMap((selector) =>
    selector.matchers.filter((matcher) => isTooWide(matcher, query.canary?.target ?? 'app')),
  );
  const [first] = wide;
  const target = query.canary?.target ?? 'app';
  const label = first ? armLabel(first.label, target) : null;
  if (first && label) {
    const times = wide.length === 1 ? '' : ` (${wide.length} times in this query)`;
    const message = `${first.label}${first.operator}"${first.value}" also matches the stable arm, such as ${label.stable}${times}.`;
    const fix = `write ${label.matcher.replace('{{ target }}', target)}, or ${label.matcher} in a MetricTemplate`;
    return [query.at(first.span.from, { code: 'query-both-arms', message, fix })];
  }
  if (selectors.length === 0 || selectors.some((selector) => namesArm(query, selector))) return [];
  const message = 'No selector of this query tells the canary from everything else.';
  const fix = `add a matcher such as pod=~"${canaryPodPattern}"`;
  return [query.at(selectors[0]?.span.from ?? 0, { code: 'query-no-arm', message, fix })];
}

function namesArm({ canary }: Query, selector: Selector): boolean {
  return selector.matchers.some(
    ({ label, value }) =>
      label !== 'namespace' &&
      (armPlaceholder.test(value) ||
        canaryWords.test(value) ||
        (canary !== undefined && value.includes(canary.target))),
  );
}

const leastWindowMs = 60_000;

function windows(query: Query, expression: Expression): readonly Finding[] {
  const { canary, metric } = query;
  for (const selector of selectorsOf(expression)) {
    if (selector.range?.kind !== 'fixed') continue;
    const { ms } = selector.range;
    const shown = formatDuration(ms);
    const fix = 'write [{{ interval }}] in a MetricTemplate';
    if (ms < leastWindowMs)
      return [
        query.at(selector.span.from, {
          code: 'metric-window-short',
          message: `The window is ${shown}.`,
          fix: 'take at least four scrapes, such as [1m] with a scrape every 15 s',
        }),
      ];
    const stepMs = canary ? flaggerRun(canary.spec).intervalMs : null;
    if (canary?.flavour === 'flagger' && stepMs !== null && ms > stepMs) {
      const message = `The window is ${shown}, a step lasts ${formatDuration(stepMs)}.`;
      return [query.at(selector.span.from, { code: 'metric-interval-over-step', message, fix })];
    }
    const interval = metric ? durationAt(metric.value, ['interval']) : null;
    const differs = interval !== null && interval !== ms;
    const message = differs
      ? `The window is fixed at ${shown}, the metric's interval is ${formatDuration(interval)}.`
      : `The window is fixed at ${shown}.`;
    return [
      query.at(selector.span.from, {
        code: 'metric-window-fixed',
        severity: differs ? 'warning' : 'info',
        message,
        fix,
      }),
    ];
  }
  return [];
}

function limits(query: Query, meaning: QueryMeaning | null): readonly Finding[] {
  const { metric } = query;
  if (!metric || meaning === null) return [];
  if (meaning.kind === 'quantile')
    return meaning.scale === 1 && metric.max !== null && metric.max >= 100
      ? [secondsAgainstMs(query, metric.max)]
      : [];
  const limit = metric.max ?? metric.min;
  if (limit === null) return [];
  if (meaning.scale === 1 && limit > 1) {
    const message = `The query is a share from 0 to 1, the limit is ${limit}.`;
    return [
      query.at(0, {
        code: 'metric-unit-mismatch',
        message,
        fix: 'end the query with * 100, or write the limit as a share',
      }),
    ];
  }
  const side = metric.max === null ? 'min' : 'max';
  if (looksBad(badOf(meaning, side)) !== false) return [];
  const [wrong, right] = side === 'max' ? ['max', 'min'] : ['min', 'max'];
  const message = `${metric.name} has a limit "${wrong}", under which successful requests count as bad.`;
  return [
    query.at(0, {
      code: 'metric-limit-side',
      message,
      fix: `write thresholdRange.${right}, or turn the query round`,
    }),
  ];
}

function secondsAgainstMs(query: Query, limit: number): Finding {
  const message = `The query is in the unit of its buckets, seconds by convention, and the limit is ${limit}.`;
  return query.at(0, {
    code: 'metric-unit-mismatch',
    message,
    fix: 'end the query with * 1000, or write the limit in seconds',
  });
}

/** Does this selector hold failed requests? null where its labels do not say. */
function looksBad(selector: Selector | null): boolean | null {
  for (const { operator, value } of selector?.matchers ?? []) {
    if (!/^\(?\^?5(\.\.|\\d\\d|xx|\[0-9\]\[0-9\]|00)/.test(value)) continue;
    return operator === '=' || operator === '=~';
  }
  return null;
}

function unguaranteed(query: Query, meaning: QueryMeaning | null): readonly Finding[] {
  if (meaning !== null) return [];
  const message =
    'The query is neither a ratio of summed rates nor a quantile of summed buckets, so it is judged as a mere number.';
  return [
    query.at(0, {
      code: 'metric-no-guarantee',
      message,
      fix: 'write sum(rate(bad)) / sum(rate(total)), or histogram_quantile(q, sum(rate(…_bucket)) by (le))',
    }),
  ];
}
