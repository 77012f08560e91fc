import { Hono } from 'hono';
import { type NameListDocument, viewSchema } from '../../resource/view.ts';
import type { ApiEnv } from '../api-env.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { nameRequest, readBody } from '../request-schemas.ts';
import { done } from './services.ts';

/** Host names that webhooks use and where they are on this machine, such as the load tester's. */
export function nameRoutes({ names }: ApiDependencies): Hono<ApiEnv> {
  return new Hono<ApiEnv>()
    .get('/', (context) =>
      context.json({ schema: viewSchema, kind: 'NameList', names: names.list() } satisfies NameListDocument),
    )
    .post('/', async (context) => {
      const entry = await readBody(context, nameRequest);
      await names.register(entry);
      return context.json(done(`${entry.name} is ${entry.url}`));
    })
    .delete('/:name', async (context) => {
      await names.remove(context.req.param('name'));
      return context.json(done(`forgot ${context.req.param('name')}`));
    });
}
