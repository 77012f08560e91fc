import { Hono } from 'hono';
import type { ServiceView as EngineServiceView } from '../../engine/commands.ts';
import type { ServiceKey } from '../../engine/ports.ts';
import {
  type DeployDocument,
  type DoneDocument,
  type EventListDocument,
  type RolloutListDocument,
  type ServiceDocument,
  type ServiceListDocument,
  type ServiceView,
  viewSchema,
  type WhyDocument,
} from '../../resource/view.ts';
import type { ApiContext, ApiEnv } from '../api-env.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { eventView } from '../event-view.ts';
import { deployed } from '../manifests.ts';
import { deployRequest, readBody, wholeNumber } from '../request-schemas.ts';
import { rolloutView } from '../rollout-view.ts';
import { labelsOf, phaseOf, serviceView } from '../service-view.ts';
import { whyParagraph } from '../why-paragraph.ts';

/** Services: read, why, history, and the changes that are not a rollout's actions. */
export function serviceRoutes(dependencies: ApiDependencies): Hono<ApiEnv> {
  const { commands, nowMs } = dependencies;
  return new Hono<ApiEnv>()
    .get('/', (context) => context.json(serviceList(dependencies)))
    .get('/:namespace/:name', (context) => {
      const service = commands.get(keyOf(context));
      return context.json({
        schema: viewSchema,
        kind: 'Service',
        nowMs: nowMs(),
        sequence: dependencies.lastSequence(),
        service: viewOf(dependencies, service),
        source: service.canary.source,
        plan: service.canary.spec.plan,
      } satisfies ServiceDocument);
    })
    .get('/:namespace/:name/why', (context) => context.json(why(dependencies, commands.get(keyOf(context)))))
    .get('/:namespace/:name/rollouts', async (context) => context.json(await history(dependencies, context)))
    .get('/:namespace/:name/events', async (context) => {
      const key = keyOf(context);
      commands.get(key);
      const events = await commands.events({
        key,
        afterSequence: wholeNumber(context, 'after', { min: 0, max: Number.MAX_SAFE_INTEGER, otherwise: 0 }),
        limit: wholeNumber(context, 'limit', { min: 1, max: 1_000, otherwise: 200 }),
      });
      return context.json({
        schema: viewSchema,
        kind: 'EventList',
        events: events.map(eventView),
      } satisfies EventListDocument);
    })
    .post('/:namespace/:name/deploy', async (context) => {
      const key = keyOf(context);
      const { set } = await readBody(context, deployRequest);
      const snapshot = deployed(commands.get(key).canary, {
        ...(set.command === undefined ? {} : { command: set.command }),
        ...(set.args === undefined ? {} : { args: set.args }),
        ...(set.env === undefined ? {} : { env: set.env }),
      });
      const result = await commands.deploy(key, snapshot, context.get('actor'));
      return context.json({
        schema: viewSchema,
        kind: 'Deploy',
        service: result.key,
        revision: result.revision,
        changed: result.changed,
      } satisfies DeployDocument);
    })
    .post('/:namespace/:name/enable', async (context) => {
      await commands.enable(keyOf(context), context.get('actor'));
      return context.json(done(`enabled ${keyOf(context)}`));
    })
    .post('/:namespace/:name/disable', async (context) => {
      await commands.disable(keyOf(context), context.get('actor'));
      return context.json(done(`disabled ${keyOf(context)}`));
    })
    .delete('/:namespace/:name', async (context) => {
      await commands.deleteService(keyOf(context), context.get('actor'));
      return context.json(done(`deleted ${keyOf(context)}`));
    });
}

export function serviceList(dependencies: ApiDependencies, only?: ServiceKey): ServiceListDocument {
  const services = dependencies.commands
    .list()
    .filter(({ canary }) => only === undefined || canary.key === only);
  return {
    schema: viewSchema,
    kind: 'ServiceList',
    nowMs: dependencies.nowMs(),
    sequence: dependencies.lastSequence(),
    services: services.map((service) => viewOf(dependencies, service)),
  };
}

export function viewOf(dependencies: ApiDependencies, service: EngineServiceView): ServiceView {
  return serviceView(service, dependencies.nowMs());
}

export function keyOf(context: ApiContext): ServiceKey {
  return `${context.req.param('namespace')}/${context.req.param('name')}`;
}

export function done(what: string): DoneDocument {
  return { schema: viewSchema, kind: 'Done', what };
}

function why(dependencies: ApiDependencies, service: EngineServiceView): WhyDocument {
  const state = service.rollout?.state;
  return {
    schema: viewSchema,
    kind: 'Why',
    service: service.canary.key,
    rollout: service.rollout?.identity.name ?? null,
    state: state?.name ?? null,
    reason: state?.reason ?? null,
    owner: state?.owner ?? null,
    sinceMs: state?.sinceMs ?? null,
    deadlineMs: state?.deadlineMs ?? null,
    paragraph: whyParagraph(viewOf(dependencies, service), dependencies.nowMs()),
  };
}

async function history(dependencies: ApiDependencies, context: ApiContext): Promise<RolloutListDocument> {
  const { commands, nowMs } = dependencies;
  const key = keyOf(context);
  const service = commands.get(key);
  const { rollouts } = await commands.history(
    key,
    wholeNumber(context, 'limit', { min: 1, max: 100, otherwise: 10 }),
  );
  const labelOf = labelsOf(service);
  return {
    schema: viewSchema,
    kind: 'RolloutList',
    nowMs: nowMs(),
    rollouts: rollouts.map((rollout) =>
      rolloutView(rollout, {
        nowMs: nowMs(),
        phase: phaseOf({ ...service, rollout }),
        observation: null,
        verdict: null,
        labelOf: (revision) =>
          rollouts.find((each) => each.snapshot.revision === revision)?.snapshot.label ?? labelOf(revision),
      }),
    ),
  };
}
