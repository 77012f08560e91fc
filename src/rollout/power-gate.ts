import type { Context } from './context.ts';
import type { Step } from './plan.ts';
import type { RolloutState } from './state.ts';

/** Traffic is never quite what it was: of the forecast so much must come. */
const leastShare = 0.8;
/** And so many standard deviations of a count are chance. */
const deviations = 3;

/**
 * Canary requests without which the step cannot see what its plan promises (SPEC R37): by the traffic before it, less what is chance.
 * 0 where the judge cannot use them, where the share of requests is not known, or where nothing was measured yet.
 */
export function forecastFor({ plan, observation }: Context, step: Step | undefined): number {
  const { requestsPerSecond } = observation;
  if (!plan.waitsForForecast || requestsPerSecond === null || step?.routing.kind !== 'weight') return 0;
  const expected = (requestsPerSecond * step.routing.weightPercent * step.holdMs) / 100_000;
  return Math.max(
    0,
    Math.floor(Math.min(leastShare * expected, expected - deviations * Math.sqrt(expected))),
  );
}

/** Canary requests that the step still needs, `minRequests` and the forecast both; 0: it has them. */
export function missingRequests(state: RolloutState, step: Step, served: number): number {
  return Math.max(0, step.minRequests - served, state.forecastRequests - served);
}
