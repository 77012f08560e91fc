import { z } from 'zod';
import { SluiceError } from '../lib/error.ts';
import type { ApiContext } from './api-env.ts';

const text = z.string().max(2_000);

export const actionRequest = z.strictObject({
  action: z.enum(['promote', 'advance', 'pause', 'resume', 'rollback', 'retry', 'approve', 'reject']),
  reason: text.optional(),
});

export const applyRequest = z.strictObject({
  files: z
    .array(z.strictObject({ file: text, text: z.string(), folder: z.string().startsWith('/').optional() }))
    .min(1),
  dryRun: z.boolean().optional(),
});

export const deployRequest = z.strictObject({
  set: z
    .strictObject({
      command: z.array(z.string()).min(1).optional(),
      args: z.array(z.string()).optional(),
      env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).optional(),
    })
    .refine((set) => Object.keys(set).length > 0, 'nothing to set: give command, args or env'),
});

export const nameRequest = z.strictObject({
  name: z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'a host name in lower case'),
  url: z.url({ protocol: /^https?$/ }),
});

export const stopRequest = z.strictObject({ all: z.boolean() });

/** Reads and checks a JSON body. Throws SluiceError `usage` that names the first member that does not fit. */
export async function readBody<Shape>(context: ApiContext, schema: z.ZodType<Shape>): Promise<Shape> {
  const raw = await context.req.text();
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    throw new SluiceError({ code: 'usage', message: 'the request body is not JSON' });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue === undefined || issue.path.length === 0 ? 'the request body' : issue.path.join('.');
  throw new SluiceError({ code: 'usage', message: `${place}: ${issue?.message ?? 'does not fit'}` });
}

/** A whole number of the query string within bounds, or `otherwise` where it is absent. Throws SluiceError `usage`. */
export function wholeNumber(
  context: ApiContext,
  name: string,
  bounds: { readonly min: number; readonly max: number; readonly otherwise: number },
): number {
  const given = context.req.query(name);
  if (given === undefined) return bounds.otherwise;
  const value = Number(given);
  if (/^\d+$/.test(given) && value >= bounds.min && value <= bounds.max) return value;
  throw new SluiceError({
    code: 'usage',
    message: `${name} must be a whole number from ${bounds.min} to ${bounds.max}`,
  });
}
