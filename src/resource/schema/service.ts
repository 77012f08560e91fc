import { z } from 'zod';
import { count, duration, flag, intOrString, loose, port, text, textMap } from './fields.ts';

const names = z.array(text);
const labelled = z.strictObject({ labels: textMap.optional(), annotations: textMap.optional() });
const headerChange = z.strictObject({
  add: textMap.optional(),
  set: textMap.optional(),
  remove: names.optional(),
});

/** `spec.service`: Flagger's fields, and ours from `assignBy` on. */
export const service = z.strictObject({
  name: text.optional(),
  port,
  portName: text.optional(),
  targetPort: intOrString.optional(),
  appProtocol: text.optional(),
  trafficDistribution: z.enum(['PreferClose', 'PreferSameZone', 'PreferSameNode']).optional(),
  portDiscovery: flag.optional(),
  headless: flag.optional(),
  timeout: duration.optional(),
  backendTimeout: duration.optional(),
  gateways: names.optional(),
  gatewayRefs: z.array(loose).max(32, 'at most 32 gateways').optional(),
  hosts: names.optional(),
  delegation: flag.optional(),
  trafficPolicy: loose.optional(),
  match: z.array(loose).optional(),
  rewrite: z
    .strictObject({ uri: text.optional(), authority: text.optional(), type: text.optional() })
    .optional(),
  retries: z
    .strictObject({
      attempts: count.optional(),
      perTryTimeout: duration.optional(),
      retryOn: text.optional(),
    })
    .optional(),
  headers: z.strictObject({ request: headerChange.optional(), response: headerChange.optional() }).optional(),
  mirror: z.array(loose).optional(),
  corsPolicy: loose.optional(),
  meshName: text.optional(),
  backends: names.optional(),
  apex: labelled.optional(),
  primary: labelled.optional(),
  canary: labelled.optional(),
  unmanagedMetadata: z.strictObject({ annotations: names.optional(), labels: names.optional() }).optional(),

  /** Who is on the canary stays on it as the weight rises: bucket by this header or cookie. */
  assignBy: z
    .strictObject({ header: text.min(1).optional(), cookie: text.min(1).optional() })
    .refine((value) => Object.keys(value).length === 1, {
      error: 'assignBy has exactly one of header and cookie',
      params: { code: 'invalid-value', fix: 'write one of them' },
    })
    .optional(),
  connectTimeout: duration.optional(),
  drainTimeout: duration.optional(),
});
