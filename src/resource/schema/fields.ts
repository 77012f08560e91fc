import { z } from 'zod';
import { formatDuration, parseDuration } from '../../lib/duration.ts';
import { parsePercentage } from '../../lib/percentage.ts';
import type { FindingCode } from '../finding-codes.ts';

/** What a custom issue carries, so that it becomes a finding of its own code. */
export interface IssueParams {
  readonly code: FindingCode;
  readonly fix: string;
}

interface Refusal extends IssueParams {
  readonly message: string;
}

type Context = { readonly issues: unknown[] };

function refuse(context: Context, input: unknown, refusal: Refusal): typeof z.NEVER {
  const { message, code, fix } = refusal;
  context.issues.push({ code: 'custom', message, input, params: { code, fix } satisfies IssueParams });
  return z.NEVER;
}

/** `30s`, `5m`, `1m30s`; becomes milliseconds. */
export const duration = z
  .string({ error: 'a duration is text with a unit, such as 30s or 5m' })
  .transform((text, context) => {
    const parsed = parseDuration(text);
    if (parsed.ok) return parsed.value;
    return refuse(context, text, {
      message: parsed.error,
      code: 'invalid-duration',
      fix: 'write a number and a unit, such as 30s',
    });
  })
  .meta({ title: 'duration' });

/** A duration of at least `leastMs`. */
export function durationAtLeast(leastMs: number) {
  return duration.refine((ms) => ms >= leastMs, {
    error: `the duration is shorter than ${formatDuration(leastMs)}`,
    params: {
      code: 'invalid-duration',
      fix: `write ${formatDuration(leastMs)} or more`,
    } satisfies IssueParams,
  });
}

/** `0.1 %`, `25%` or a number of percent; becomes percent from 0 to 100. */
export const percent = z
  .union([z.string(), z.number()], { error: 'a percentage is a number or text such as "0.1 %"' })
  .transform((value, context) => {
    const parsed = parsePercentage(value);
    const fix = 'write a percentage from 0 to 100, such as "0.1 %"';
    if (!parsed.ok) return refuse(context, value, { message: parsed.error, code: 'invalid-value', fix });
    if (parsed.value >= 0 && parsed.value <= 100) return parsed.value;
    return refuse(context, value, {
      message: `${parsed.value} is not from 0 to 100`,
      code: 'invalid-value',
      fix,
    });
  })
  .meta({ title: 'percentage' });

/** How many times as much: a number from 1 on, as a number or as text (in annotations). */
export const ratio = z
  .union([z.string(), z.number()], { error: 'a ratio is a number such as 1.5' })
  .transform((value, context) => {
    const number = Number(value);
    if (String(value).trim() !== '' && number >= 1 && number <= 1_000_000) return number;
    const message = `"${value}" is not a number from 1 on`;
    return refuse(context, value, { message, code: 'invalid-value', fix: 'write a number such as 1.5' });
  })
  .meta({ title: 'ratio' });

/** A share of all requests in percent: a number from 0 to 100. */
export const weight = z
  .number({ error: 'a weight is a number from 0 to 100, without a % sign' })
  .refine((value) => value >= 0 && value <= 100, {
    error: 'a weight is from 0 to 100',
    params: { code: 'weight-range', fix: 'write a number from 0 to 100' } satisfies IssueParams,
  })
  .meta({ title: 'weight' });

/** Kubernetes' IntOrString. */
export const intOrString = z.union([z.int(), z.string()], { error: 'expected a whole number or text' });

/** A count or a percentage of the replicas, as in `maxSurge`. */
export const countOrPercent = intOrString
  .transform((value, context): CountOrPercent => {
    if (typeof value === 'number' && value >= 0) return { kind: 'count', value };
    const match = /^(\d+)%$/.exec(String(value));
    if (match) return { kind: 'percent', value: Number(match[1]) };
    const message = `"${value}" is neither a count nor a percentage`;
    return refuse(context, value, {
      message,
      code: 'invalid-value',
      fix: 'write a count such as 1 or a percentage such as 25%',
    });
  })
  .meta({ title: 'count or percentage' });

export type CountOrPercent = { readonly kind: 'count' | 'percent'; readonly value: number };

export const port = z
  .int({ error: 'a port is a whole number from 1 to 65535' })
  .min(1, 'a port is from 1 to 65535')
  .max(65_535, 'a port is from 1 to 65535');

export const count = z.int({ error: 'expected a whole number' }).min(0, 'the number is below 0');
export const positive = z.int({ error: 'expected a whole number' }).min(1, 'the number is below 1');
export const text = z.string({ error: 'expected text' });
export const flag = z.boolean({ error: 'expected true or false' });
export const textMap = z.record(z.string(), z.string({ error: 'expected text: put the value in quotes' }), {
  error: 'expected a mapping',
});
export const loose = z.record(z.string(), z.unknown(), { error: 'expected a mapping' });

/** DNS subdomain (RFC 1123): what Kubernetes allows for names of most objects. */
export const objectName = text.refine((name) => isObjectName(name), {
  error:
    'a name is at most 253 lower-case letters, digits, "-" and ".", and begins and ends with a letter or digit',
  params: { code: 'invalid-name', fix: 'use lower-case letters, digits and "-"' } satisfies IssueParams,
});

function isObjectName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name);
}

/** DNS label (RFC 1123): namespaces. */
export const labelName = text.refine(
  (name) => name.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name),
  {
    error: 'a namespace is at most 63 lower-case letters, digits and "-"',
    params: { code: 'invalid-name', fix: 'use lower-case letters, digits and "-"' } satisfies IssueParams,
  },
);

/** `metadata` of any object: our own part is strict, the rest is Kubernetes'. */
export const metadata = z.looseObject({
  name: objectName,
  namespace: labelName.optional(),
  labels: textMap.optional(),
  annotations: textMap.optional(),
});

/** Name and namespace of another object. */
export const objectRef = z.strictObject({ name: objectName, namespace: labelName.optional() });
