import type { Limit, Measure } from '../analysis/judge.ts';
import { parseDuration } from '../lib/duration.ts';
import { failure, ok, type Result } from '../lib/result.ts';

/** What a check measures and where its limit is, in the unit of the measure. */
export interface Objective {
  readonly measure: Measure;
  readonly limit: Limit;
}

/**
 * Reads a limit with its unit: `0.1 %` is the most that may fail, `> 99.9 %` the least that must succeed (the sign may be left out for
 * the metric `request-success-rate`), and `p95 2 s` the most that the quantile of the latency may be.
 */
export function parseObjective(text: string, metricName: string): Result<Objective, string> {
  const quantile = /^p(\d{1,2}(?:\.\d+)?)\s*(?:\s|<=?|≤)\s*(\d.*)$/i.exec(text.trim());
  if (quantile) {
    const share = Number((Number(quantile[1]) / 100).toPrecision(12));
    const limitMs = parseDuration((quantile[2] ?? '').replaceAll(' ', ''));
    if (!limitMs.ok) return failure(limitMs.error);
    if (share <= 0) return failure(`p${quantile[1]} is not a quantile: write p50, p95 or p99`);
    return ok({
      measure: { kind: 'latencyQuantile', quantile: share },
      limit: { max: limitMs.value / 1000 },
    });
  }
  const share = /^(<=?|≤|>=?|≥)?\s*(\d+(?:\.\d+)?)\s*%$/.exec(text.trim());
  if (!share) return failure(`"${text}" is not an objective: write "0.1 %", "> 99.9 %" or "p95 2 s"`);
  const percent = Number(share[2]);
  if (percent > 100) return failure(`${percent} % is more than all requests`);
  const sign = share[1] ?? (metricName === 'request-success-rate' ? '>' : '<');
  if (sign.startsWith('>') || sign === '≥')
    return ok({ measure: { kind: 'successShare' }, limit: { min: percent } });
  return ok({ measure: { kind: 'errorShare' }, limit: { max: percent } });
}
