import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { podNameExamples, selectorCovers } from './arms.ts';
import { type Expression, selectorsOf, valueTypeOf } from './expression.ts';
import { badOf, meaningOf } from './meaning.ts';
import { parsePromql } from './parse.ts';
import { printSelector } from './print.ts';
import { safeRegExp } from './safe-reg-exp.ts';
import { placeholdersOf } from './template.ts';

function parse(text: string): Expression {
  const parsed = parsePromql(text);
  expect(parsed).toMatchObject({ ok: true });
  return parsed.ok ? parsed.value : { kind: 'number', span: { from: 0, to: 0 }, value: Number.NaN };
}

function shown(text: string): unknown {
  const meaning = meaningOf(parse(text));
  if (meaning === null) return null;
  if (meaning.kind === 'quantile') return { ...meaning, buckets: printSelector(meaning.buckets) };
  const bad = (limit: 'max' | 'min') => {
    const selector = badOf(meaning, limit);
    return selector && printSelector(selector);
  };
  return {
    total: printSelector(meaning.total),
    badWhenMax: bad('max'),
    badWhenMin: bad('min'),
    scale: meaning.scale,
    window: meaning.window,
  };
}

describe('parsePromql', () => {
  test('reads a ratio with its places', () => {
    const text = 'sum(rate(a{pod=~"x-.*"}[1m])) by (le, code) / on(le) b offset 5m';
    const tree = parse(text);
    expect(tree).toMatchInlineSnapshot(`
      {
        "by": "offset",
        "kind": "shifted",
        "operand": {
          "kind": "binary",
          "left": {
            "args": [
              {
                "args": [
                  {
                    "kind": "selector",
                    "matchers": [
                      {
                        "label": "pod",
                        "operator": "=~",
                        "span": {
                          "from": 11,
                          "to": 22,
                        },
                        "value": "x-.*",
                      },
                    ],
                    "metric": "a",
                    "range": {
                      "kind": "fixed",
                      "ms": 60000,
                    },
                    "span": {
                      "from": 9,
                      "to": 27,
                    },
                  },
                ],
                "kind": "call",
                "name": "rate",
                "span": {
                  "from": 4,
                  "to": 28,
                },
              },
            ],
            "grouping": {
              "kind": "by",
              "labels": [
                "le",
                "code",
              ],
            },
            "kind": "aggregation",
            "operator": "sum",
            "span": {
              "from": 0,
              "to": 43,
            },
          },
          "matching": "on(le)",
          "operator": "/",
          "right": {
            "kind": "selector",
            "matchers": [],
            "metric": "b",
            "range": null,
            "span": {
              "from": 53,
              "to": 54,
            },
          },
          "span": {
            "from": 0,
            "to": 54,
          },
        },
        "span": {
          "from": 0,
          "to": 64,
        },
      }
    `);
    expect(selectorsOf(tree).map(({ span }) => text.slice(span.from, span.to))).toEqual([
      'a{pod=~"x-.*"}[1m]',
      'b',
    ]);
  });

  test('keeps placeholders as written, and offsets', () => {
    const text = 'rate(a{ns="{{ namespace }}", pod=~"{{target}}-[0-9]+"}[{{ interval }}])';
    const [selector] = selectorsOf(parse(text));
    expect(selector?.matchers.map(({ value }) => value)).toEqual(['{{ namespace }}', '{{target}}-[0-9]+']);
    expect(selector?.range).toEqual({ kind: 'interval' });
    expect(text.slice(selector?.span.from, selector?.span.to)).toBe(text.slice(5, -1));
  });

  test.each([
    ['sum(', 4, 'the query ends too early'],
    ['a b', 2, '"b" does not belong here'],
    ['', 0, 'the query is empty'],
    ['rate(a[{{ window }}])', 7, 'unknown placeholder'],
    ['nofunction(a)', 10, 'does not belong here'],
    ['('.repeat(3000) + ')'.repeat(3000), 200, 'nested too deeply'],
  ])('says where %j is wrong', (text, offset, message) => {
    const parsed = parsePromql(text);
    expect(parsed).toMatchObject({ ok: false, error: { message: expect.stringContaining(message) } });
    if (offset < 200) expect(parsed).toMatchObject({ error: { offset } });
  });

  test('reads numbers, strings, shifts and subqueries', () => {
    expect(parse('-1e3')).toMatchObject({ value: -1000 });
    expect(parse('-a')).toMatchObject({ kind: 'unary', operator: '-', operand: { metric: 'a' } });
    expect(parse('0x1f')).toMatchObject({ value: 31 });
    expect(parse('1h30m')).toMatchObject({ value: 5400 });
    expect(parse('a[1d] @ start()')).toMatchObject({
      kind: 'shifted',
      by: 'at',
      operand: { range: { ms: 86_400_000 } },
    });
    expect(parse("max_over_time(rate(a{b='\\'c'}[5m])[1h:1m])")).toMatchObject({
      args: [{ kind: 'subquery', range: { ms: 3_600_000 } }],
    });
    expect(parse('{__name__="x", y=`\\d`}')).toMatchObject({
      metric: 'x',
      matchers: [{ label: 'y', value: '\\d' }],
    });
  });

  test('never throws', () => {
    const piece = fc.constantFrom(
      'sum',
      'rate',
      '(',
      ')',
      '{',
      '}',
      '[',
      ']',
      '{{ target }}',
      '"',
      'a',
      '=~',
      '1m',
      'by',
      ',',
      '/',
      '*',
      ' ',
      '@',
      'offset',
      '-',
      '\\',
      '{{',
      '1e9',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 30 }).map((parts) => parts.join('')),
        ),
        (text) => {
          const parsed = parsePromql(text);
          if (parsed.ok) {
            meaningOf(parsed.value);
            valueTypeOf(parsed.value);
          } else {
            expect(parsed.error.offset).toBeGreaterThanOrEqual(0);
            expect(parsed.error.offset).toBeLessThanOrEqual(text.length);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a selector that is printed reads back', () => {
    const label = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/).filter((name) => name !== '__name__');
    const matcher = fc.record({
      label,
      operator: fc.constantFrom('=', '!=', '=~', '!~'),
      value: fc.string({ unit: 'grapheme-ascii' }).filter((value) => !value.includes('{{')),
    });
    fc.assert(
      fc.property(fc.array(matcher, { maxLength: 4 }), (matchers) => {
        const span = { from: 0, to: 0 };
        const selector = {
          kind: 'selector' as const,
          span,
          metric: 'requests_total',
          range: null,
          matchers: matchers.map((one) => ({ ...one, span })),
        };
        const [read] = selectorsOf(parse(printSelector(selector)));
        expect(
          read?.matchers.map(({ label: name, operator, value }) => ({ label: name, operator, value })),
        ).toEqual(matchers);
      }),
      { numRuns: 100 },
    );
  });
});

describe('meaningOf', () => {
  const total = 'sum(rate(http_requests_total{ns="shop"}[1m]))';
  const errors = 'sum(rate(http_requests_total{ns="shop", status=~"5.."}[1m]))';
  test('what it recognises', () => {
    const queries = [
      `${errors} / ${total} * 100`,
      `100 * ${errors} / ${total}`,
      `100 * (${errors} / ${total})`,
      `(1 - ${errors} / ${total}) * 100`,
      `100 - 100 * ${errors} / ${total}`,
      `(${total} - ${errors}) / ${total}`,
      'sum(increase(errors_total[{{ interval }}])) / sum(increase(requests_total[{{ interval }}]))',
      'histogram_quantile(0.95, sum(rate(d_bucket{a="b"}[5m])) by (le)) * 1000',
    ];
    expect(queries.map((text) => shown(text))).toMatchInlineSnapshot(`
      [
        {
          "badWhenMax": "http_requests_total{ns="shop", status=~"5.."}",
          "badWhenMin": "http_requests_total{ns="shop", status!~"5.."}",
          "scale": 100,
          "total": "http_requests_total{ns="shop"}",
          "window": {
            "kind": "fixed",
            "ms": 60000,
          },
        },
        {
          "badWhenMax": "http_requests_total{ns="shop", status=~"5.."}",
          "badWhenMin": "http_requests_total{ns="shop", status!~"5.."}",
          "scale": 100,
          "total": "http_requests_total{ns="shop"}",
          "window": {
            "kind": "fixed",
            "ms": 60000,
          },
        },
        {
          "badWhenMax": "http_requests_total{ns="shop", status=~"5.."}",
          "badWhenMin": "http_requests_total{ns="shop", status!~"5.."}",
          "scale": 100,
          "total": "http_requests_total{ns="shop"}",
          "window": {
            "kind": "fixed",
            "ms": 60000,
          },
        },
        {
          "badWhenMax": "http_requests_total{ns="shop", status!~"5.."}",
          "badWhenMin": "http_requests_total{ns="shop", status=~"5.."}",
          "scale": 100,
          "total": "http_requests_total{ns="shop"}",
          "window": {
            "kind": "fixed",
            "ms": 60000,
          },
        },
        {
          "badWhenMax": "http_requests_total{ns="shop", status!~"5.."}",
          "badWhenMin": "http_requests_total{ns="shop", status=~"5.."}",
          "scale": 100,
          "total": "http_requests_total{ns="shop"}",
          "window": {
            "kind": "fixed",
            "ms": 60000,
          },
        },
        {
          "badWhenMax": "http_requests_total{ns="shop", status!~"5.."}",
          "badWhenMin": "http_requests_total{ns="shop", status=~"5.."}",
          "scale": 1,
          "total": "http_requests_total{ns="shop"}",
          "window": {
            "kind": "fixed",
            "ms": 60000,
          },
        },
        {
          "badWhenMax": "errors_total",
          "badWhenMin": null,
          "scale": 1,
          "total": "requests_total",
          "window": {
            "kind": "interval",
          },
        },
        {
          "buckets": "d_bucket{a="b"}",
          "kind": "quantile",
          "quantile": 0.95,
          "scale": 1000,
          "window": {
            "kind": "fixed",
            "ms": 300000,
          },
        },
      ]
    `);
  });

  test.each([
    ['other window', `${errors} / sum(rate(http_requests_total{ns="shop"}[5m]))`],
    ['not a part of the whole', 'sum(rate(a{x="1"}[1m])) / sum(rate(a{y="2"}[1m]))'],
    ['several series', `sum(rate(a{x="1"}[1m])) by (pod) / sum(rate(a[1m])) by (pod)`],
    ['an average', 'avg(rate(a{x="1"}[1m])) / avg(rate(a[1m]))'],
    ['a gauge', 'sum(a) / sum(b)'],
    ['minus something else', `2 - ${errors} / ${total}`],
    ['a quantile of single pods', 'histogram_quantile(0.95, sum(rate(d_bucket[5m])) by (le, pod))'],
    ['a number', '5'],
  ])('says nothing about %s', (_, text) => {
    expect(shown(text)).toBeNull();
  });
});

describe('arms', () => {
  const names = Object.values(podNameExamples('ecommerce-api'));
  test.each([
    ['pod=~"ecommerce-api-.*"', true],
    ['pod=~"ecommerce-api-[a-z0-9]+-[a-z0-9]+"', false],
    ['pod=~"ecommerce-api-[^p].*"', false],
    ['pod="ecommerce-api"', false],
    ['pod!~"other-.*"', true],
    ['pod=~"{{ service }}-.*"', null],
    ['pod=~"((a+)+)+"', null],
    ['pod=~"(["', null],
  ])('%s covers both arms: %s', (text, expected) => {
    const [selector] = selectorsOf(parse(`x{${text}}`));
    const [matcher] = selector?.matchers ?? [];
    expect(matcher && selectorCovers(matcher, names)).toBe(expected);
  });

  test('refuses expressions that could run for ever', () => {
    for (const pattern of ['(a*)*', '(a|b+)+', '((x{2,}y)?)*', '.*.*.*.*.*.*', '('.repeat(600)])
      expect(safeRegExp(pattern)).toBeNull();
    for (const pattern of ['(?i)A.*', '[a-z(+*]+', '(-[0-9]+)?', 'a\\.b', '(?P<x>a)'])
      expect(safeRegExp(pattern)).not.toBeNull();
    expect(safeRegExp('(?i)AB')?.test('ab')).toBe(true);
    expect(safeRegExp('ab')?.test('abc')).toBe(false);
  });
});

test('placeholders', () => {
  const text = 'a{x="{{ variables.code }}", y="{{- index variables "my-key" -}}", z="{{target}}"}';
  const found = placeholdersOf(text);
  expect(found.ok && found.value.map(({ name, from, to }) => [name, text.slice(from, to)])).toEqual([
    ['variables.code', '{{ variables.code }}'],
    ['variables.my-key', '{{- index variables "my-key" -}}'],
    ['target', '{{target}}'],
  ]);
  expect(parsePromql(text)).toMatchObject({ ok: true });
  expect(placeholdersOf('a{{ b }}')).toMatchObject({ ok: false, error: { offset: 1 } });
});
