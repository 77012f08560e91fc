import { z } from 'zod';
import {
  count,
  duration,
  durationAtLeast,
  flag,
  objectRef,
  percent,
  positive,
  ratio,
  text,
  textMap,
  weight,
} from './fields.ts';

const oneCondition = 'a condition has exactly one of exact, prefix, suffix, regex and present';

/** How one header, cookie or query parameter is tested. `present` is ours. */
const condition = z
  .strictObject({
    exact: text.optional(),
    prefix: text.optional(),
    suffix: text.optional(),
    regex: text.optional(),
    present: z.literal(true).optional(),
  })
  .refine((value) => Object.keys(value).length === 1, {
    error: oneCondition,
    params: { code: 'invalid-value', fix: 'write one of them' },
  })
  .meta({ title: 'condition' });

const match = z.strictObject({
  headers: z.record(z.string(), condition).optional(),
  queryParams: z.record(z.string(), condition).optional(),
  cookies: z.record(z.string(), condition).optional(),
  sourceLabels: textMap.optional(),
});

/**
 * What a judge needs to know of a metric: the limit with its unit, and on a cluster the raw counters. `0.1 %` is the most that may
 * fail, `p95 2 s` the most that the quantile may take.
 */
const objective = z.union(
  [
    text,
    z.strictObject({
      limit: text,
      /** Selector of all requests, and of those that count against the arm. */
      total: text.optional(),
      bad: text.optional(),
      /** Selector of histogram buckets. */
      buckets: text.optional(),
    }),
  ],
  { error: 'an objective is text such as "0.1 %" or "p95 2 s", or a mapping with limit' },
);

const metric = z.strictObject({
  name: text,
  interval: duration.optional(),
  thresholdRange: z.strictObject({ min: z.number().optional(), max: z.number().optional() }).optional(),
  threshold: z.number().optional(),
  query: text.optional(),
  templateRef: objectRef.optional(),
  templateVariables: textMap.optional(),
  objective: objective.optional(),
  compare: z.enum(['stable', 'none']).optional(),
  /** `memory` and `cpu`: a large difference that is shown holds the rollout. */
  critical: flag.optional(),
  minRequests: count.optional(),
});

const alert = z.strictObject({
  name: text,
  severity: z.enum(['', 'info', 'warn', 'error']).optional(),
  providerRef: objectRef,
});

const webhook = z.strictObject({
  name: text,
  url: text,
  type: z
    .enum([
      '',
      'confirm-rollout',
      'pre-rollout',
      'rollout',
      'confirm-traffic-increase',
      'confirm-promotion',
      'post-rollout',
      'rollback',
      'event',
    ])
    .optional(),
  timeout: durationAtLeast(1).optional(),
  retries: count.optional(),
  disableTLS: flag.optional(),
  muteAlert: flag.optional(),
  metadata: textMap.optional(),
  deadline: durationAtLeast(1).optional(),
  onDeadline: z.enum(['rollback', 'advance']).optional(),
});

const step = z.strictObject({
  weight: weight.optional(),
  duration: duration.optional(),
  minRequests: count.optional(),
  approval: flag.optional(),
});

const sessionAffinity = z.strictObject({
  cookieName: text.min(1, 'the name is empty'),
  primaryCookieName: text.optional(),
  maxAge: positive.optional(),
  domain: text.optional(),
  httpOnly: flag.optional(),
  partitioned: flag.optional(),
  path: text.optional(),
  sameSite: z.enum(['Strict', 'Lax', 'None']).optional(),
  secure: flag.optional(),
});

const judgeName = z.enum(['threshold', 'bet', 'likelihood', 'argo', 'kayenta']);

/** `spec.analysis`: Flagger's fields, and ours from `steps` on. */
export const analysis = z.strictObject({
  interval: durationAtLeast(100).optional(),
  threshold: z.int({ error: 'expected a whole number' }).optional(),
  maxWeight: weight.optional(),
  stepWeight: weight.optional(),
  stepWeights: z.array(weight).optional(),
  stepWeightPromotion: weight.optional(),
  iterations: count.optional(),
  match: z.array(match).optional(),
  mirror: flag.optional(),
  mirrorWeight: weight.optional(),
  primaryReadyThreshold: weight.optional(),
  canaryReadyThreshold: weight.optional(),
  metrics: z.array(metric).optional(),
  alerts: z.array(alert).optional(),
  webhooks: z.array(webhook).optional(),
  sessionAffinity: sessionAffinity.optional(),

  steps: z.array(step).optional(),
  judge: judgeName.optional(),
  /** Judges that look on: they report what they would have decided, and decide nothing. */
  shadow: z.array(judgeName).optional(),
  onNoData: z.enum(['wait', 'fail', 'rollback']).optional(),
  onInconclusive: z.enum(['hold', 'rollback', 'advance']).optional(),
  maxStepDuration: durationAtLeast(1).optional(),
  /** At most this share of healthy releases is rolled back. */
  falseRollback: percent.optional(),
  /** How many times stable's odds of a failure the canary's may be and still count as equal. */
  margin: ratio.optional(),
  /** The smallest regression that must be seen before a step may end. */
  minEffect: percent.optional(),
  /** Evidence that rolls back, measured on the service's own history; never below what `falseRollback` asks for. */
  level: ratio.optional(),
  approvalBeforePromotion: flag.optional(),
});

export type MetricValue = z.output<typeof metric>;
export type WebhookValue = z.output<typeof webhook>;
export type MatchValue = z.output<typeof match>;
