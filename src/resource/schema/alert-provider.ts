import { z } from 'zod';
import { loose, metadata, objectName, text } from './fields.ts';

/** AlertProvider of `flagger.app/v1beta1` (and the same of `sluice.dev/v1alpha1`). */
export const alertProvider = z.strictObject({
  apiVersion: text,
  kind: z.literal('AlertProvider'),
  metadata,
  spec: z
    .strictObject({
      type: z.enum(['slack', 'msteams', 'discord', 'rocket', 'gchat']),
      channel: text.optional(),
      username: text.optional(),
      address: text.optional(),
      proxy: text.optional(),
      secretRef: z.strictObject({ name: objectName }).optional(),
    })
    .refine((spec) => (spec.address === undefined) !== (spec.secretRef === undefined), {
      error: 'exactly one of address and secretRef is needed',
      params: { code: 'alert-provider-address', fix: 'keep one of address and secretRef' },
    }),
  status: loose.optional(),
});

export type AlertProviderValue = z.output<typeof alertProvider>;
