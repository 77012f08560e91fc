import { logBeta } from './special/log-gamma.ts';
import { binomialAtLeast } from './special/incomplete-beta.ts';
import { normalQuantile } from './special/normal.ts';

/** What a step is planned against. Shares are 0 to 1. */
export interface PowerSettings {
  /** p0: the limit. */
  readonly limit: number;
  /** α. */
  readonly falseRollback: number;
  /** Probability with which a regression is to be found. */
  readonly power: number;
  /** J: alternatives of the mixture; 6. */
  readonly alternatives?: number;
  /** π_0: prior of an onset at the start; ½. */
  readonly priorOfTheStart?: number;
  /** M: tests that share α; 1. */
  readonly tests?: number;
  /** φ: requests that fail together; 1. */
  readonly dispersion?: number;
}

/** kl(q, p) of two Bernoulli shares, in nats: what one request tells. */
export function informationOf(q: number, p: number): number {
  const part = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b));
  return part(q, p) + part(1 - q, 1 - p);
}

/** Wald: no test with false alarms of at most α finds `share` with fewer canary requests on average. */
export function leastRequests(share: number, limit: number, falseRollback: number): number {
  return Math.log(1 / falseRollback) / informationOf(share, limit);
}

/** The same where stable's share is not known but measured beside, at canary weight `weight` (0 to 1). */
export function leastRequestsCompared(
  share: number,
  stableShare: number,
  weight: number,
  falseRollback: number,
): number {
  const pooled = weight * share + (1 - weight) * stableShare;
  const information =
    informationOf(share, pooled) + ((1 - weight) / weight) * informationOf(stableShare, pooled);
  return Math.log(1 / falseRollback) / information;
}

/** Evidence that is needed, in nats: for α, and for not knowing the alternative, the onset and the test. */
export function neededEvidence(settings: PowerSettings): number {
  const { falseRollback, alternatives = 6, priorOfTheStart = 0.5, tests = 1 } = settings;
  return Math.log(1 / falseRollback) + Math.log(alternatives / priorOfTheStart) + Math.log(tests);
}

/**
 * Canary requests that find a canary with `share` of bad requests with the wanted probability; Infinity at or below the limit.
 * From drift g and variance v of the log ratio of one request: √n = (z√v + √(z²v + 4gb)) / 2g.
 */
export function requestsNeeded(share: number, settings: PowerSettings): number {
  return requestsAt(share, settings, normalQuantile(settings.power));
}

function requestsAt(share: number, settings: PowerSettings, z: number): number {
  const { limit, dispersion = 1 } = settings;
  if (!(share > limit)) return Number.POSITIVE_INFINITY;
  const p1 = Math.min(share, 1 - 1e-9);
  const needed = neededEvidence(settings);
  const drift = informationOf(p1, limit);
  const odds = Math.log((p1 * (1 - limit)) / (limit * (1 - p1)));
  const deviation = Math.sqrt(p1 * (1 - p1)) * Math.abs(odds);
  const root = (z * deviation + Math.sqrt(z * z * deviation * deviation + 4 * drift * needed)) / (2 * drift);
  return dispersion * root * root;
}

/** Φ⁻¹(0.9), which every verdict asks for. */
const z90 = 1.2815515655446004;

/** The smallest share of bad requests that `requests` find with the wanted probability; null: not even 100 %. */
export function smallestFound(requests: number, settings: PowerSettings): number | null {
  const most = 1 - 1e-6;
  const z = settings.power === 0.9 ? z90 : normalQuantile(settings.power);
  if (!(settings.limit > 0) || !(settings.limit < most) || requestsAt(most, settings, z) > requests)
    return null;
  // In the odds, which are even over all sizes of shares.
  let low = logit(settings.limit);
  let high = logit(most);
  for (let step = 0; step < 16; step += 1) {
    const middle = (low + high) / 2;
    if (requestsAt(1 / (1 + Math.exp(-middle)), settings, z) > requests) low = middle;
    else high = middle;
  }
  return 1 / (1 + Math.exp(-high));
}

function logit(share: number): number {
  return Math.log(share / (1 - share));
}

/** A threshold on the share of bad requests of one window, held against a release that is fine. */
export interface ThresholdPlan {
  readonly requestsPerCheck: number;
  /** 0 to 1, inclusive. */
  readonly limit: number;
  readonly checks: number;
  /** Failed checks that roll back, counted over the whole run. */
  readonly failures: number;
}

/** How often a check of a release with `share` of bad requests fails, and the whole run is rolled back: exact binomials. */
export function thresholdFalseAlarm(
  share: number,
  plan: ThresholdPlan,
): { readonly check: number; readonly run: number } {
  const { requestsPerCheck: n, limit, checks, failures } = plan;
  // A share that is exactly the limit passes, whatever the rounding of the product.
  const allowed = Math.floor(n * limit + 1e-9);
  const check = binomialAtLeast(allowed + 1, n, share);
  return { check, run: binomialAtLeast(failures, checks, check) };
}

/** How many requests fail before the rollback, about: by evidence, and never fewer than two blocks'. */
export function expectedDamage(
  share: number,
  settings: Pick<PowerSettings, 'limit' | 'falseRollback'>,
  traffic: { readonly canaryRps: number; readonly blockSeconds: number },
): { readonly seconds: number; readonly failedRequests: number } {
  const floor = 2 * traffic.canaryRps * traffic.blockSeconds;
  const needed = 1.6 * leastRequests(share, settings.limit, settings.falseRollback);
  const requests = Math.max(floor, needed);
  return { seconds: requests / traffic.canaryRps, failedRequests: share * requests };
}

/** Probability that two samples of these sizes separate completely by chance: the smallest p-value that ranks can reach. */
export function smallestRankPValue(canarySamples: number, stableSamples: number): number {
  // 1 / C(n + m, n)
  const total = canarySamples + stableSamples + 1;
  return Math.exp(Math.log(total) + logBeta(canarySamples + 1, stableSamples + 1));
}
