import { z } from 'zod';
import { metadata, text, textMap } from './fields.ts';

/** A ConfigMap of `v1`, as context. */
export const configMap = z.looseObject({
  apiVersion: text,
  kind: z.literal('ConfigMap'),
  metadata,
  data: textMap.optional(),
});

export type ConfigMapValue = z.output<typeof configMap>;
