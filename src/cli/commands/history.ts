import { viewSchema } from '../../resource/view.ts';
import { argument, type CommandFunction, flagOption, numberOption, textOption } from '../command-options.ts';
import { eventLine, historyTable } from '../render/history.ts';
import { rolloutTrace } from '../rollout-trace.ts';
import { resolveService } from '../resolve-service.ts';
import { lastEvents } from '../last-events.ts';

export const run: CommandFunction = async (session, args, options) => {
  const { key } = await resolveService(session, argument(args, 0));
  if (options['trace'] !== undefined) {
    const { rollout, blocks } = await rolloutTrace(session, key, textOption(options, 'trace'));
    if (blocks.length === 0) session.progress.line(`no requests were recorded for ${rollout}`);
    await session.out.result({
      document: { schema: viewSchema, kind: 'Trace', rollout, blocks },
      items: blocks,
      text: () => blocks.map((block) => JSON.stringify(block)),
      names: () => [rollout],
    });
    return 0;
  }
  const limit = numberOption(options, 'limit', 10, 1_000);
  if (flagOption(options, 'events')) {
    const events = await lastEvents(session.client, key, limit);
    const context = session.context(events.at(-1)?.atMs ?? session.host.nowMs());
    await session.out.result({
      document: { schema: viewSchema, kind: 'EventList', events },
      items: events,
      text: () => events.map((event) => eventLine(event, context)),
      names: () => events.map((event) => event.id),
    });
    return 0;
  }
  const document = await session.client.history(key, Math.min(limit, 100));
  await session.out.result({
    document,
    items: document.rollouts,
    text: () => historyTable(document.rollouts, session.context(document.nowMs)),
    names: () => document.rollouts.map((rollout) => rollout.name),
  });
  return 0;
};
