import type { CheckPlan } from '../../analysis/judge.ts';
import type { CanaryResource, ProcessResource } from '../check/resource.ts';
import type { MatchValue } from '../schema/analysis.ts';
import type { FrontSpec, MatchCondition } from '../service-spec.ts';

/** Seconds; Prometheus' usual bounds, finer at the fast end. */
const usualBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Where the service listens and who goes to which arm. `canary` is null for a Process without one. */
export function frontOf(
  canary: CanaryResource | null,
  workload: ProcessResource,
  checks: readonly CheckPlan[],
): FrontSpec {
  const service = canary?.value.spec.service;
  const { sessionAffinity, match = [] } = canary?.value.spec.analysis ?? {};
  const { listen } = workload.value.spec;
  const limits = checks.flatMap(({ measure, limit }) =>
    measure.kind === 'latencyQuantile' ? [limit.min ?? 0, limit.max ?? 0] : [],
  );
  const { header, cookie } = service?.assignBy ?? {};
  return {
    host: listen?.address ?? '127.0.0.1',
    port: listen?.port ?? service?.port ?? 0,
    assignBy:
      header !== undefined
        ? { source: 'header', name: header.toLowerCase() }
        : cookie !== undefined
          ? { source: 'cookie', name: cookie }
          : null,
    stickyCookie: sessionAffinity
      ? { name: sessionAffinity.cookieName, maxAgeSeconds: sessionAffinity.maxAge ?? 86_400 }
      : null,
    match: match.map(conditionsOf),
    connectTimeoutMs: service?.connectTimeout ?? 2_000,
    responseTimeoutMs: service?.timeout ?? 60_000,
    // A limit between two bounds could only be guessed at, so the limits are bounds themselves.
    latencyBounds: [...new Set([...usualBounds, ...limits.filter((limit) => limit > 0)])].toSorted(
      (a, b) => a - b,
    ),
  };
}

function conditionsOf(entry: MatchValue): readonly MatchCondition[] {
  const read = (
    source: MatchCondition['source'],
    conditions: MatchValue['headers'] = {},
  ): readonly MatchCondition[] =>
    Object.entries(conditions).map(([name, condition]) => ({
      source,
      name: source === 'header' ? name.toLowerCase() : name,
      ...kindOf(condition),
    }));
  return [
    ...read('header', entry.headers),
    ...read('cookie', entry.cookies),
    ...read('query', entry.queryParams),
  ];
}

type Condition = NonNullable<MatchValue['headers']>[string];

/** A pattern must match the whole value, as in a mesh: it is anchored here so that no reader can take it otherwise. */
function kindOf(condition: Condition): Pick<MatchCondition, 'kind' | 'value'> {
  const { exact, prefix, suffix, regex } = condition;
  if (exact !== undefined) return { kind: 'exact', value: exact };
  if (prefix !== undefined) return { kind: 'prefix', value: prefix };
  if (suffix !== undefined) return { kind: 'suffix', value: suffix };
  return regex === undefined ? { kind: 'present', value: '' } : { kind: 'regex', value: `^(?:${regex})$` };
}
