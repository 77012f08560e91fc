import { Hono } from 'hono';
import { type EngineDocument, viewSchema } from '../../resource/view.ts';
import type { ApiEnv } from '../api-env.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { readBody, stopRequest } from '../request-schemas.ts';
import { done } from './services.ts';

/** The engine itself: what it is, and its end. */
export function engineRoutes(dependencies: ApiDependencies): Hono<ApiEnv> {
  return new Hono<ApiEnv>()
    .get('/', (context) => {
      const services = dependencies.commands.list();
      return context.json({
        schema: viewSchema,
        kind: 'Engine',
        version: dependencies.version,
        pid: dependencies.pid,
        startedAtMs: dependencies.startedAtMs,
        nowMs: dependencies.nowMs(),
        state: dependencies.state,
        services: services.length,
        running: services.filter(({ rollout }) => rollout !== null && rollout.state.endedAtMs === null)
          .length,
        troubles: [...dependencies.notReady()],
      } satisfies EngineDocument);
    })
    .post('/stop', async (context) => {
      const { all } = await readBody(context, stopRequest);
      dependencies.stop(all);
      return context.json(done(all ? 'stopping everything' : 'stopping the engine; traffic is served on'));
    });
}
