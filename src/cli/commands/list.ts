import type { CommandFunction } from '../command-options.ts';
import { listTable } from '../render/list.ts';

export const run: CommandFunction = async (session) => {
  const document = await session.client.services();
  const context = session.context(document.nowMs);
  if (document.services.length === 0)
    session.progress.line('No service yet. "sluice init" writes a first manifest, "sluice apply" takes it.');
  const table = (wide: boolean): readonly string[] =>
    document.services.length === 0 ? [] : listTable(document.services, context, wide);
  await session.out.result({
    document,
    items: document.services,
    text: () => table(false),
    wide: () => table(true),
    names: () => document.services.map((service) => service.key),
  });
  return 0;
};
