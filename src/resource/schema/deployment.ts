import { z } from 'zod';
import { count, loose, metadata, positive, text, textMap } from './fields.ts';
import { preStop, probe } from './probe.ts';
import { rollStrategy } from './process.ts';

/** The parts of a container that a Process beside the Deployment may take over. */
const container = z.looseObject({
  name: text.optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
  startupProbe: probe.optional(),
  lifecycle: z.looseObject({ preStop: preStop.optional() }).optional(),
});

/** A Deployment of `apps/v1`, as context: what is not named here is Kubernetes' own affair. */
export const deployment = z.looseObject({
  apiVersion: text,
  kind: z.literal('Deployment'),
  metadata,
  spec: z.looseObject({
    replicas: count.optional(),
    strategy: rollStrategy.optional(),
    minReadySeconds: count.optional(),
    progressDeadlineSeconds: positive.optional(),
    selector: loose.optional(),
    template: z.looseObject({
      metadata: z.looseObject({ labels: textMap.optional(), annotations: textMap.optional() }).optional(),
      spec: z.looseObject({
        containers: z.array(container).min(1, 'there is no container'),
        terminationGracePeriodSeconds: count.optional(),
      }),
    }),
  }),
});

export type DeploymentValue = z.output<typeof deployment>;
