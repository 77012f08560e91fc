import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { SluiceError } from '../../lib/error.ts';
import { compile } from '../../resource/compile.ts';
import { readDocuments } from '../../resource/document.ts';
import { hasErrors } from '../../resource/finding.ts';
import { estimatePlan, type Schedule } from '../../resource/schedule.ts';
import { viewSchema } from '../../resource/view.ts';
import type { Plan } from '../../rollout/plan.ts';
import { argument, type CommandFunction, numberOption, textOption } from '../command-options.ts';
import { readFiles } from '../read-files.ts';
import { findingLines } from '../render/findings.ts';
import { planTable } from '../render/plan-table.ts';
import { resolveService } from '../resolve-service.ts';
import type { Session } from '../session.ts';

interface NamedPlan {
  readonly service: string;
  readonly plan: Plan;
}

/** Of files: without an engine. Of a service that runs: as the engine holds it. */
export const run: CommandFunction = async (session, args, options) => {
  const first = argument(args, 0);
  const isFile =
    first === '-' || /\.(ya?ml|json)$/.test(first) || existsSync(resolve(session.host.cwd, first));
  const plans = isFile ? await plansOfFiles(session, args) : await planOfService(session, first);
  const rps = textOption(options, 'rps') === undefined ? null : numberOption(options, 'rps', 0, 10_000_000);
  const schedules = plans.map(
    ({ service, plan }): { readonly service: string; readonly schedule: Schedule } => ({
      service,
      schedule: estimatePlan(plan, { requestsPerSecond: rps }),
    }),
  );
  const context = session.context(session.host.nowMs());
  await session.out.result({
    document: { schema: viewSchema, kind: 'Plan', plans: schedules },
    items: schedules,
    text: () =>
      schedules.flatMap(({ service, schedule }, index) => [
        ...(index === 0 ? [] : ['']),
        ...planTable(service, schedule, context),
      ]),
    names: () => schedules.map(({ service }) => service),
  });
  if (rps === null)
    session.progress.line(
      'With --rps N it also says how many requests each step sees and what they can catch.',
    );
  return 0;
};

async function planOfService(session: Session, named: string): Promise<readonly NamedPlan[]> {
  const { key } = await resolveService(session, named);
  return [{ service: key, plan: (await session.client.service(key)).plan }];
}

async function plansOfFiles(session: Session, names: readonly string[]): Promise<readonly NamedPlan[]> {
  const read = (await readFiles(session.host, names)).map(({ file, text }) => readDocuments(file, text));
  const { services, findings: compiled } = compile(read.flatMap((one) => one.documents));
  const findings = [...read.flatMap((one) => one.findings), ...compiled];
  const told = findings.filter((finding) => finding.severity !== 'info');
  for (const line of findingLines(told, session.progressStyle)) session.progress.line(line);
  if (services.length === 0 || hasErrors(findings)) {
    throw new SluiceError({
      code: 'invalid-resource',
      message: services.length === 0 ? 'the files hold no service' : 'the files have errors',
    });
  }
  return services.map(({ spec }) => ({ service: `${spec.namespace}/${spec.name}`, plan: spec.plan }));
}
