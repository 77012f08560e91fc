import { z } from 'zod';
import { analysis } from './analysis.ts';
import { duration, flag, labelName, loose, metadata, objectName, positive, text, textMap } from './fields.ts';
import { service } from './service.ts';

const ref = (kinds: readonly [string, ...string[]]) =>
  z.strictObject({ apiVersion: text.optional(), kind: z.enum(kinds), name: objectName });

/**
 * A Canary of `flagger.app/v1beta1` or `sluice.dev/v1alpha1`: one schema, a superset of Flagger's with the same names. Which of our
 * own fields a `flagger.app` object may not have is in `sluiceOnlyFields`.
 */
export const canary = z.strictObject({
  apiVersion: text,
  kind: z.literal('Canary'),
  metadata,
  spec: z.strictObject({
    provider: text.optional(),
    metricsServer: text.optional(),
    targetRef: ref(['Deployment', 'DaemonSet', 'Service', 'Process']),
    autoscalerRef: z
      .strictObject({
        apiVersion: text.optional(),
        kind: z.enum(['HorizontalPodAutoscaler', 'ScaledObject']),
        name: objectName,
        primaryScalerQueries: textMap.optional(),
        primaryScalerReplicas: z
          .strictObject({ minReplicas: positive.optional(), maxReplicas: positive.optional() })
          .optional(),
      })
      .optional(),
    ingressRef: ref(['Ingress']).optional(),
    routeRef: ref(['ApisixRoute']).optional(),
    upstreamRef: z
      .strictObject({
        apiVersion: text.optional(),
        kind: z.literal('Upstream'),
        name: objectName,
        namespace: labelName.optional(),
      })
      .optional(),
    service,
    analysis: analysis.optional(),
    progressDeadlineSeconds: positive.optional(),
    skipAnalysis: flag.optional(),
    revertOnDeletion: flag.optional(),
    suspend: flag.optional(),

    strategy: z.enum(['Canary', 'BlueGreen', 'ABTest', 'Rolling', 'Recreate']).optional(),
    promotion: z.enum(['bake', 'rolling']).optional(),
    /** How long the old version stays warm at 100 % of the new one. */
    bakeDuration: duration.optional(),
    rollbackOnFailure: flag.optional(),
    /** A run longer than this is reported; nothing else happens. */
    slowAfter: duration.optional(),
  }),
  status: loose.optional(),
});

export type CanaryValue = z.output<typeof canary>;

/** Ours alone; `*` stands for any index. On `flagger.app` objects a cluster drops them. `rollbackOnFailure` is judged apart. */
export const sluiceOnlyFields: readonly (readonly string[])[] = [
  ['spec', 'strategy'],
  ['spec', 'promotion'],
  ['spec', 'bakeDuration'],
  ['spec', 'slowAfter'],
  ['spec', 'service', 'assignBy'],
  ['spec', 'service', 'connectTimeout'],
  ['spec', 'service', 'drainTimeout'],
  ['spec', 'analysis', 'steps'],
  ['spec', 'analysis', 'judge'],
  ['spec', 'analysis', 'shadow'],
  ['spec', 'analysis', 'onNoData'],
  ['spec', 'analysis', 'onInconclusive'],
  ['spec', 'analysis', 'maxStepDuration'],
  ['spec', 'analysis', 'falseRollback'],
  ['spec', 'analysis', 'margin'],
  ['spec', 'analysis', 'minEffect'],
  ['spec', 'analysis', 'level'],
  ['spec', 'analysis', 'approvalBeforePromotion'],
  ['spec', 'analysis', 'match', '*', 'cookies'],
  ['spec', 'analysis', 'metrics', '*', 'objective'],
  ['spec', 'analysis', 'metrics', '*', 'compare'],
  ['spec', 'analysis', 'metrics', '*', 'minRequests'],
  ['spec', 'analysis', 'webhooks', '*', 'deadline'],
  ['spec', 'analysis', 'webhooks', '*', 'onDeadline'],
];
