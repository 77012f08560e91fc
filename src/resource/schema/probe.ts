import { z } from 'zod';
import { count, intOrString, positive, text } from './fields.ts';

const command = z.array(text).min(1, 'the command is empty');
const header = z.strictObject({ name: text, value: text });

const httpGet = z.strictObject({
  path: text.optional(),
  port: intOrString.optional(),
  host: text.optional(),
  scheme: z.enum(['HTTP', 'HTTPS']).optional(),
  httpHeaders: z.array(header).optional(),
});

const actions = ['httpGet', 'tcpSocket', 'exec'] as const;

/** A probe with Kubernetes' names. A port that is left out is the replica's own `$PORT`. */
export const probe = z
  .strictObject({
    httpGet: httpGet.optional(),
    tcpSocket: z.strictObject({ port: intOrString.optional(), host: text.optional() }).optional(),
    exec: z.strictObject({ command }).optional(),
    initialDelaySeconds: count.optional(),
    periodSeconds: positive.optional(),
    timeoutSeconds: positive.optional(),
    successThreshold: positive.optional(),
    failureThreshold: positive.optional(),
  })
  .refine((value) => actions.filter((action) => value[action] !== undefined).length === 1, {
    error: 'a probe has exactly one of httpGet, tcpSocket and exec',
    params: { code: 'probe-invalid', fix: 'write one of httpGet, tcpSocket and exec' },
  })
  .meta({ title: 'probe' });

export type ProbeValue = z.output<typeof probe>;

/** What is done before the signal to stop. */
export const preStop = z
  .strictObject({
    exec: z.strictObject({ command }).optional(),
    sleep: z.strictObject({ seconds: count }).optional(),
    httpGet: httpGet.optional(),
  })
  .refine((value) => Object.keys(value).length === 1, {
    error: 'preStop has exactly one of exec, sleep and httpGet',
    params: { code: 'probe-invalid', fix: 'write one of exec, sleep and httpGet' },
  })
  .meta({ title: 'preStop' });

export type PreStopValue = z.output<typeof preStop>;
