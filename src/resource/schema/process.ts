import { z } from 'zod';
import {
  count,
  countOrPercent,
  loose,
  metadata,
  objectName,
  port,
  positive,
  text,
  textMap,
} from './fields.ts';
import { preStop, probe } from './probe.ts';

const command = z.array(z.string({ error: 'expected text: put the value in quotes' }));
const keyRef = z.strictObject({ name: objectName, key: text, optional: z.boolean().optional() });

/** A mapping of names to values, or Kubernetes' list. */
const env = z.union(
  [
    textMap,
    z.array(
      z.strictObject({
        name: text.min(1, 'the name is empty'),
        value: z.string({ error: 'expected text: put the value in quotes' }).optional(),
        valueFrom: z
          .strictObject({
            configMapKeyRef: keyRef.optional(),
            secretKeyRef: keyRef.optional(),
            fieldRef: loose.optional(),
          })
          .optional(),
      }),
    ),
  ],
  { error: 'env is a mapping of names to text, or a list of {name, value}' },
);

const rollingUpdate = z.strictObject({
  maxSurge: countOrPercent.optional(),
  maxUnavailable: countOrPercent.optional(),
});

export const rollStrategy = z.strictObject({
  type: z.enum(['RollingUpdate', 'Recreate']).optional(),
  rollingUpdate: rollingUpdate.optional(),
});

/** A Process of `sluice.dev/v1alpha1`: what one machine runs for a service, with Kubernetes' names where it has them. */
export const processResource = z.strictObject({
  apiVersion: text,
  kind: z.literal('Process'),
  metadata,
  spec: z.strictObject({
    command: command.min(1, 'the command is empty'),
    args: command.optional(),
    env: env.optional(),
    workingDir: text.optional(),
    /** Fixed; left out, each replica gets a free one in `$PORT`. */
    port: port.optional(),
    /** Where this machine's front listens, if not on the Canary's `service.port` of 127.0.0.1. */
    listen: z.strictObject({ port: port.optional(), address: text.optional() }).optional(),
    replicas: count.optional(),
    /** For people; the label `version` where it is left out. */
    version: text.optional(),
    readinessProbe: probe.optional(),
    livenessProbe: probe.optional(),
    startupProbe: probe.optional(),
    preStop: preStop.optional(),
    terminationGracePeriodSeconds: count.optional(),
    minReadySeconds: count.optional(),
    progressDeadlineSeconds: positive.optional(),
    strategy: rollStrategy.optional(),
  }),
  status: loose.optional(),
});

export type ProcessValue = z.output<typeof processResource>;
