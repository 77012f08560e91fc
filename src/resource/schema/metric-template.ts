import { z } from 'zod';
import { flag, loose, metadata, objectName, text } from './fields.ts';

/** MetricTemplate of `flagger.app/v1beta1` (and the same of `sluice.dev/v1alpha1`). */
export const metricTemplate = z.strictObject({
  apiVersion: text,
  kind: z.literal('MetricTemplate'),
  metadata,
  spec: z.strictObject({
    provider: z.strictObject({
      type: z.enum([
        'prometheus',
        'influxdb',
        'datadog',
        'externalmetrics',
        'stackdriver',
        'cloudwatch',
        'newrelic',
        'graphite',
        'dynatrace',
        'keptn',
        'splunk',
      ]),
      address: text.optional(),
      headers: z.record(z.string(), z.array(text)).optional(),
      secretRef: z.strictObject({ name: objectName }).optional(),
      region: text.optional(),
      insecureSkipVerify: flag.optional(),
    }),
    query: text,
  }),
  status: loose.optional(),
});

export type MetricTemplateValue = z.output<typeof metricTemplate>;
