import type { CommandFunction } from '../command-options.ts';

export const run: CommandFunction = async (session, args) => await session.host.local.load(args);
