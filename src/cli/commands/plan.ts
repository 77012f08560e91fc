import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { compile } from '../../resource/compile.ts';
import type { SourceDocument } from '../../resource/document.ts';
import { estimatePlan, type Schedule } from '../../resource/schedule.ts';
import { viewSchema } from '../../resource/view.ts';
import type { Plan } from '../../rollout/plan.ts';
import { argument, type CommandFunction, numberOption, textOption } from '../command-options.ts';
import { fromManifests } from '../manifest-documents.ts';
import { recentTraffic } from '../recent-traffic.ts';
import { planTable } from '../render/plan-table.ts';
import { resolveService } from '../resolve-service.ts';
import type { Session } from '../session.ts';

interface NamedPlan {
  readonly service: string;
  readonly plan: Plan;
  /** What is reckoned with, and where that is from; null: nothing is known. */
  readonly traffic: Traffic | null;
}

type Traffic =
  | { readonly from: 'option'; readonly requestsPerSecond: number }
  | { readonly from: 'history'; readonly requestsPerSecond: number; readonly rollouts: number };

interface PlannedService {
  readonly service: string;
  readonly traffic: Traffic | null;
  readonly schedule: Schedule;
}

/** Of files: without an engine. Of a service that runs: as the engine holds it. */
export const run: CommandFunction = async (session, args, options) => {
  const first = argument(args, 0);
  const isFile =
    first === '-' || /\.(ya?ml|json)$/.test(first) || existsSync(resolve(session.host.cwd, first));
  const rps = textOption(options, 'rps') === undefined ? null : numberOption(options, 'rps', 0, 10_000_000);
  const given: Traffic | null = rps === null ? null : { from: 'option', requestsPerSecond: rps };
  const plans = isFile
    ? (await plansOfFiles(session, args)).map((one) => ({ ...one, traffic: given }))
    : [await planOfService(session, first, given)];
  const schedules = plans.map(
    ({ service, plan, traffic }): PlannedService => ({
      service,
      traffic,
      schedule: estimatePlan(plan, { requestsPerSecond: traffic?.requestsPerSecond ?? null }),
    }),
  );
  const context = session.context(session.host.nowMs());
  await session.out.result({
    document: { schema: viewSchema, kind: 'Plan', plans: schedules },
    items: schedules,
    text: () =>
      schedules.flatMap(({ service, traffic, schedule }, index) => [
        ...(index === 0 ? [] : ['']),
        ...planTable(service, schedule, context, traffic === null ? '' : trafficText(traffic)),
      ]),
    names: () => schedules.map(({ service }) => service),
  });
  if (schedules.some(({ traffic }) => traffic === null)) {
    session.progress.line(
      'With --rps N it also says how many requests each step sees and what they can find.',
    );
  }
  return 0;
};

function trafficText(traffic: Traffic): string {
  const perSecond = Number(traffic.requestsPerSecond.toPrecision(3));
  const rate = `${perSecond} ${perSecond === 1 ? 'request' : 'requests'} a second`;
  if (traffic.from === 'option') return `at ${rate}`;
  return `at ${rate}, as in its last ${traffic.rollouts === 1 ? 'rollout' : `${traffic.rollouts} rollouts`}`;
}

async function planOfService(session: Session, named: string, given: Traffic | null): Promise<NamedPlan> {
  const { key } = await resolveService(session, named);
  const { plan } = await session.client.service(key);
  if (given !== null) return { service: key, plan, traffic: given };
  const recent = await recentTraffic(session.client, key);
  return { service: key, plan, traffic: recent === null ? null : { from: 'history', ...recent } };
}

async function plansOfFiles(
  session: Session,
  names: readonly string[],
): Promise<readonly Omit<NamedPlan, 'traffic'>[]> {
  const make = (documents: readonly SourceDocument[]) => {
    const { services, findings } = compile(documents);
    return { made: services, findings };
  };
  const services = await fromManifests(session, names, make, 'service');
  return services.map(({ spec }) => ({ service: `${spec.namespace}/${spec.name}`, plan: spec.plan }));
}
