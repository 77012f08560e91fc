import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { SluiceError, toSluiceError } from '../lib/error.ts';
import type { ApiEnv } from './api-env.ts';
import type { ApiDependencies } from './dependencies.ts';
import { errorAnswer } from './error-answer.ts';
import { bearer, jsonOnly, requestId, sameSite, smallBody } from './guards.ts';
import { metricsText } from './metrics-text.ts';
import { applyRoutes } from './routes/apply.ts';
import { engineRoutes } from './routes/engine.ts';
import { eventRoutes } from './routes/events.ts';
import { logRoutes } from './routes/logs.ts';
import { nameRoutes } from './routes/names.ts';
import { rolloutRoutes, serviceActionRoutes } from './routes/rollouts.ts';
import { serviceList, serviceRoutes } from './routes/services.ts';

/** Answered without a token: they say nothing but whether the engine lives and is ready. */
export const openPaths: readonly string[] = ['/healthz', '/readyz'];

/**
 * The HTTP API as a function from request to response; `listen` puts it on a socket. Every route but the open ones wants
 * the token, and the guards come before routing, so a route added later is guarded too.
 */
export function createApi(dependencies: ApiDependencies): Hono<ApiEnv> {
  const api = new Hono<ApiEnv>();
  api.use('*', requestId);
  api.use('*', sameSite);
  api.get('/healthz', (context) => context.text('ok\n'));
  api.get('/readyz', (context) => {
    const reasons = dependencies.notReady();
    return reasons.length === 0 ? context.text('ready\n') : context.text(`${reasons.join('\n')}\n`, 503);
  });
  api.use('*', bearer(dependencies.token), jsonOnly, smallBody);
  api.get('/metrics', (context) =>
    context.text(metricsText(serviceList(dependencies)), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    }),
  );
  api.route('/api/v1/services', serviceRoutes(dependencies));
  api.route('/api/v1/services', serviceActionRoutes(dependencies));
  api.route('/api/v1/services', logRoutes(dependencies));
  api.route('/api/v1/rollouts', rolloutRoutes(dependencies));
  api.route('/api/v1/apply', applyRoutes(dependencies));
  api.route('/api/v1/names', nameRoutes(dependencies));
  api.route('/api/v1/engine', engineRoutes(dependencies));
  api.route('/api/v1', eventRoutes(dependencies));
  api.notFound((context) => {
    throw new SluiceError({
      code: 'not-found',
      message: `there is no ${context.req.method} ${context.req.path}`,
      cure: 'See docs/reference for the routes.',
    });
  });
  api.onError((thrown, context) => {
    const id = context.get('requestId') ?? '';
    const { status, body } = errorAnswer(thrown, id);
    if (body.code === 'internal') {
      const error = toSluiceError(thrown, 'internal');
      dependencies.log('error', `request ${id}: ${error.stack ?? error.message}`);
    }
    // The status comes from the registry of error codes, all of which carry a body.
    return context.json(body, status as ContentfulStatusCode);
  });
  return api;
}
