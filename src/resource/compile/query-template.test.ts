import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { renderQuery } from './query-template.ts';

const values = {
  name: 'shop',
  namespace: 'prod',
  target: 'shop',
  service: 'shop-svc',
  ingress: '',
  route: '',
  interval: '1m',
  variables: { low: '3' },
};

test("fills in Flagger's placeholders", () => {
  const query =
    'a{n="{{ namespace }}",s="{{service}}",i="{{ ingress }}"}[{{- interval -}}] > {{ variables.low }} or {{ index variables "low" }}';
  expect(renderQuery(query, values)).toEqual({
    ok: true,
    value: 'a{n="prod",s="shop-svc",i=""}[1m] > 3 or 3',
  });
});

test.each([
  '{{ pod }}',
  '{{ variables }}',
  '{{ variables.high }}',
  '{{ constructor }}',
  '{{ variables.constructor }}',
  '{{ }}',
])('%s has no value', (placeholder) => {
  const rendered = renderQuery(`x{a="${placeholder}"}`, values);
  expect(rendered.ok ? '' : rendered.error).toContain(placeholder);
});

test('text without placeholders stays as it is, and many open braces are read quickly', () => {
  assert(
    property(string(), (text) => {
      if (!text.includes('{{')) expect(renderQuery(text, values)).toEqual({ ok: true, value: text });
    }),
  );
  expect(renderQuery('{{ '.repeat(100_000), values).ok).toBe(true);
});
