import type { DeployRequest } from '../../resource/view.ts';
import { argument, type CommandFunction, flagOption, listOption } from '../command-options.ts';
import { deploySettings } from '../deploy-settings.ts';
import { resolveService } from '../resolve-service.ts';
import { printWait, waitWithOptions } from './wait.ts';

export const run: CommandFunction = async (session, args, options) => {
  const set: DeployRequest['set'] = deploySettings(listOption(options, 'set'));
  const service = await resolveService(session, argument(args, 0));
  const wait = flagOption(options, 'wait');
  const earlier = wait ? await session.client.history(service.key, 100) : null;
  const document = await session.client.deploy(service.key, { set });
  if (!document.changed)
    session.progress.line(`${service.key} asks for revision ${document.revision} already.`);
  if (!wait) {
    await session.out.result({ document, text: () => [document.revision], names: () => [document.revision] });
    return 0;
  }
  if (!session.out.isMachineReadable) session.out.lines([document.revision]);
  // Where nothing changed no new rollout starts, so the one that was there is the answer.
  const before = new Set(document.changed ? earlier?.rollouts.map((rollout) => rollout.name) : []);
  const result = await waitWithOptions(session, options, {
    service: service.key,
    revision: document.revision,
    before,
  });
  if (session.out.isMachineReadable) await printWait(session, result);
  else session.progress.line(result.line);
  return result.exit;
};
