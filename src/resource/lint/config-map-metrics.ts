import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { SourceDocument } from '../document.ts';
import type { Path } from '../finding.ts';
import { meaningOf, type QueryMeaning } from '../promql/meaning.ts';
import { parsePromql } from '../promql/parse.ts';

/** A named query that stands in a ConfigMap, where Flagger does not look. */
export interface ConfigMapMetric {
  readonly document: SourceDocument;
  /** Of the key whose text the query is in. */
  readonly path: Path;
  readonly name: string;
  readonly query: string;
  /** Where the query's own text begins within the key's text, for places; null where it is not written line by line. */
  readonly linesBefore: number | null;
  readonly columnsBefore: number;
  /** null where it is not PromQL that means a ratio or a quantile. */
  readonly meaning: QueryMeaning | null;
}

/** Lists like `- name: …, query: …` in the data of ConfigMaps. */
export function configMapMetrics(documents: readonly SourceDocument[]): readonly ConfigMapMetric[] {
  return documents
    .filter(({ kind }) => kind === 'ConfigMap')
    .flatMap((document) => {
      const data = document.value['data'];
      if (typeof data !== 'object' || data === null) return [];
      return Object.entries(data).flatMap(([key, text]) =>
        typeof text === 'string' && /\bquery\b/.test(text) ? metricsIn(document, ['data', key], text) : [],
      );
    });
}

function metricsIn(document: SourceDocument, path: Path, text: string): readonly ConfigMapMetric[] {
  const inner = readYaml(text);
  const list = isMap(inner) ? inner.items.map(({ value }) => value).find((value) => isSeq(value)) : inner;
  if (!isSeq(list)) return [];
  return list.items.flatMap((item): ConfigMapMetric[] => {
    if (!isMap(item)) return [];
    const name = item.get('name');
    const node = item.get('query', true);
    if (typeof name !== 'string' || !isScalar(node) || typeof node.value !== 'string') return [];
    const parsed = parsePromql(node.value);
    const start = node.range?.[0] ?? 0;
    const literal = node.type === 'BLOCK_LITERAL';
    const body = text.slice(start).split('\n')[1] ?? '';
    return [
      {
        document,
        path,
        name,
        query: node.value,
        linesBefore: literal ? text.slice(0, start).split('\n').length : null,
        columnsBefore: literal ? body.length - body.trimStart().length : 0,
        meaning: parsed.ok ? meaningOf(parsed.value) : null,
      },
    ];
  });
}

function readYaml(text: string): unknown {
  try {
    const inner = parseDocument(text, { prettyErrors: false, logLevel: 'silent' });
    return inner.errors.length === 0 ? inner.contents : null;
  } catch {
    return null;
  }
}
