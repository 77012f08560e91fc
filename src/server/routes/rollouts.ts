import { Hono } from 'hono';
import { type ActCommand, notFound } from '../../engine/commands.ts';
import {
  type ActionDocument,
  type MeasurementListDocument,
  type RolloutListDocument,
  viewSchema,
} from '../../resource/view.ts';
import type { ApiContext, ApiEnv } from '../api-env.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { actionRequest, readBody } from '../request-schemas.ts';
import { rolloutView } from '../rollout-view.ts';
import { labelsOf, phaseOf } from '../service-view.ts';
import { keyOf } from './services.ts';

/** Rollouts by name: read, measurements, actions. */
export function rolloutRoutes(dependencies: ApiDependencies): Hono<ApiEnv> {
  return new Hono<ApiEnv>()
    .get('/:rollout', (context) => context.json(oneRollout(dependencies, nameOf(context))))
    .get('/:rollout/measurements', async (context) => {
      const rollout = nameOf(context);
      if (dependencies.commands.rollout(rollout) === undefined) throw notFound(`rollout ${rollout}`);
      return context.json({
        schema: viewSchema,
        kind: 'MeasurementList',
        rollout,
        measurements: await dependencies.recorder.measurements(rollout),
      } satisfies MeasurementListDocument);
    })
    .post('/:rollout/actions', (context) => act(dependencies, context, { rollout: nameOf(context) }));
}

/** Actions addressed to a service: its current rollout is meant. */
export function serviceActionRoutes(dependencies: ApiDependencies): Hono<ApiEnv> {
  return new Hono<ApiEnv>().post('/:namespace/:name/actions', (context) =>
    act(dependencies, context, { key: keyOf(context) }),
  );
}

async function act(
  dependencies: ApiDependencies,
  context: ApiContext,
  on: ActCommand['on'],
): Promise<Response> {
  const { action, reason } = await readBody(context, actionRequest);
  const result = await dependencies.commands.act({
    kind: action,
    on,
    reason: reason ?? '',
    actor: context.get('actor'),
  });
  return context.json({
    schema: viewSchema,
    kind: 'Action',
    service: result.key,
    rollout: result.rollout,
    action,
  } satisfies ActionDocument);
}

function oneRollout(dependencies: ApiDependencies, name: string): RolloutListDocument {
  const { commands, nowMs } = dependencies;
  const record = commands.rollout(name);
  if (record === undefined) throw notFound(`rollout ${name}`);
  const service = commands.get(record.key);
  const current = service.rollout?.identity.name === name;
  const view = rolloutView(record, {
    nowMs: nowMs(),
    phase: phaseOf({ ...service, rollout: record }),
    observation: current ? service.observation : null,
    verdict: current ? service.verdict : null,
    labelOf: labelsOf(service),
  });
  return { schema: viewSchema, kind: 'RolloutList', nowMs: nowMs(), rollouts: [view] };
}

function nameOf(context: ApiContext): string {
  return context.req.param('rollout') ?? '';
}
