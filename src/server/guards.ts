import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { SluiceError } from '../lib/error.ts';
import type { Actor } from '../rollout/state.ts';
import type { ApiEnv } from './api-env.ts';

/** Larger manifests than this are not written by people. */
export const maxBodyBytes = 1024 * 1024;

/** Gives each request an id that its answer, its errors and the log carry. A caller's own is kept where it is harmless. */
export const requestId: MiddlewareHandler<ApiEnv> = async (context, next) => {
  const given = context.req.header('x-request-id');
  const id = given !== undefined && /^[\w-]{1,64}$/.test(given) ? given : randomUUID();
  context.set('requestId', id);
  context.header('x-request-id', id);
  context.header('cache-control', 'no-store');
  context.header('x-content-type-options', 'nosniff');
  await next();
};

/**
 * A page in the user's browser reaches loopback too. The token keeps it out; this keeps it out once more, for the day on
 * which a browser holds a session: only a loopback Host (no DNS rebinding), no foreign Origin, no cross-site fetch.
 */
export const sameSite: MiddlewareHandler<ApiEnv> = async (context, next) => {
  const url = new URL(context.req.url);
  if (!loopbackHosts.has(url.hostname)) throw forbidden(`the host ${url.hostname} is not this machine`);
  const origin = context.req.header('origin');
  if (origin !== undefined && origin !== url.origin)
    throw forbidden(`a page of ${origin} may not call this API`);
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw forbidden('a page of another site may not call this API');
  }
  await next();
};

const loopbackHosts: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Bearer token, compared in constant time. Also reads who is behind it, for the record. */
export function bearer(token: string): MiddlewareHandler<ApiEnv> {
  const expected = digest(token);
  return async (context, next) => {
    const given = /^Bearer (\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1];
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      throw new SluiceError({
        code: 'unauthorized',
        message: given === undefined ? 'the request carries no token' : 'the token is wrong',
      });
    }
    context.set('actor', actorOf(context.req.header('sluice-actor')));
    await next();
  };
}

/** Changes come as JSON only: a form of another site cannot send that content type. */
export const jsonOnly: MiddlewareHandler<ApiEnv> = async (context, next) => {
  const reading = context.req.method === 'GET' || context.req.method === 'HEAD';
  const type = context.req.header('content-type') ?? '';
  if (!reading && !/^application\/json(;|$)/i.test(type)) {
    throw new SluiceError({ code: 'usage', message: 'a change must have the content type application/json' });
  }
  await next();
};

export const smallBody: MiddlewareHandler<ApiEnv> = bodyLimit({
  maxSize: maxBodyBytes,
  onError: () => {
    throw new SluiceError({
      code: 'payload-too-large',
      message: `the request body is over ${maxBodyBytes} bytes`,
    });
  },
});

/** `person:ada` or `pipeline:ci`. Who holds the token is trusted to say who acts; the record shows it. */
function actorOf(header: string | undefined): Actor {
  const match = /^(person|pipeline):([\w.@+-]{1,100})$/.exec(header ?? '');
  if (match?.[1] === undefined || match[2] === undefined) return { kind: 'person', name: 'api' };
  return { kind: match[1] === 'pipeline' ? 'pipeline' : 'person', name: match[2] };
}

/** Equal lengths, whatever was given: timingSafeEqual wants that, and the token's length stays unknown. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function forbidden(message: string): SluiceError {
  return new SluiceError({ code: 'forbidden', message });
}
