import { logGamma } from '../special/log-gamma.ts';

/** Requests at which the interval is the tightest for its size. */
const usualRequests = 1000;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Confidence sequence of a share: of all intervals ever shown for independent requests, each covers the true share at once with
 * probability 1 − alpha. It is every share that the two-sided beta-binomial mixture does not refute.
 */
export function shareInterval(
  bad: number,
  requests: number,
  alpha: number,
  tunedRequests = usualRequests,
): Interval {
  if (requests === 0) return { low: 0, high: 1 };
  const observed = bad / requests;
  const refuted = (share: number): number =>
    logMixture(bad, requests, share, alpha, tunedRequests) + Math.log(alpha);
  const edge = 1e-12;
  return {
    low: bad === 0 ? 0 : crossing(refuted, edge, observed),
    high: bad === requests ? 1 : crossing(refuted, 1 - edge, observed),
  };
}

/** Whether `share` could be the true one of requests of which `bad` were counted. */
export function isPossibleShare(bad: number, requests: number, share: number, alpha: number): boolean {
  return requests === 0 || logMixture(bad, requests, share, alpha, usualRequests) < -Math.log(alpha);
}

/**
 * ln of the two-sided mixture at n independent requests, with g = share, h = 1 − share, s = bad − n·share and v = n·g·h. There it is the
 * beta-binomial law of the counts under a prior Beta(κ(1−share), κ·share), divided by their law at `share`.
 */
function logMixture(
  bad: number,
  requests: number,
  share: number,
  alpha: number,
  tunedRequests: number,
): number {
  const logged = Math.log(1 / alpha);
  const strength = Math.max(tunedRequests / (2 * logged + Math.log(1 + 2 * logged)) - 1, 1e-3);
  const good = requests - bad;
  const priorGood = strength * (1 - share);
  const priorBad = strength * share;
  return (
    logGamma(priorGood + good) -
    logGamma(priorGood) +
    logGamma(priorBad + bad) -
    logGamma(priorBad) +
    logGamma(strength) -
    logGamma(strength + requests) -
    bad * Math.log(share) -
    good * Math.log1p(-share)
  );
}

/** Where `refuted` turns from above 0 at `outer` to below 0 at `inner`; `outer` where it never is above. In the logs of the distance to 0 or 1. */
function crossing(refuted: (share: number) => number, outer: number, inner: number): number {
  const below = outer < inner;
  const scale = below ? Math.log : (share: number): number => -Math.log1p(-share);
  const back = below ? Math.exp : (x: number): number => -Math.expm1(-x);
  let far = scale(outer);
  let near = scale(Math.min(Math.max(inner, 1e-12), 1 - 1e-12));
  let atFar = refuted(back(far));
  if (atFar <= 0) return below ? 0 : 1;
  let atNear = refuted(back(near));
  if (atNear >= 0) return inner;
  // False position in Illinois' version; it ends on the side that is refuted, so the interval is never too short.
  for (let step = 0; step < 60 && Math.abs(far - near) > 1e-4 * Math.max(1e-3, Math.abs(far)); step += 1) {
    // A bracket over several powers of ten is halved first: the curve is too bent for a line.
    const wide = Math.abs(far - near) > 2;
    const middle = wide ? (far + near) / 2 : (far * atNear - near * atFar) / (atNear - atFar);
    const value = refuted(back(middle));
    if (value > 0) {
      far = middle;
      atFar = value;
      if (value < 1e-4) break;
      atNear /= 2;
    } else {
      near = middle;
      atNear = value;
      atFar /= 2;
    }
  }
  return back(far);
}
