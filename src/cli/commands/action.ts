import type { ActionKind } from '../../rollout/observation.ts';
import { argument, type CommandFunction, textOption, usage } from '../command-options.ts';
import { resolveService } from '../resolve-service.ts';

const kinds: Readonly<Record<string, ActionKind>> = {
  promote: 'promote',
  advance: 'advance',
  pause: 'pause',
  resume: 'resume',
  approve: 'approve',
  reject: 'reject',
  rollback: 'rollback',
  retry: 'retry',
};

/** The eight actions of a person or a pipeline on a service's current rollout. */
export const run: CommandFunction = async (session, args, options) => {
  const action = kinds[textOption(options, 'command') ?? ''];
  if (action === undefined) throw usage('there is no such action');
  const { key } = await resolveService(session, argument(args, 0));
  const document = await session.client.act(key, { action, reason: textOption(options, 'reason') ?? '' });
  session.progress.line(`Asked for by you; "sluice why ${document.service}" shows what came of it.`);
  await session.out.result({
    document,
    text: () => [`${action} ${document.rollout}`],
    names: () => [document.rollout],
  });
  return 0;
};
