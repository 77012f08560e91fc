import { setTimeout as sleep } from 'node:timers/promises';
import { readEngineFile } from '../../client/connection.ts';
import { SluiceError, toSluiceError } from '../../lib/error.ts';
import { viewSchema } from '../../resource/view.ts';
import { type CommandFunction, flagOption } from '../command-options.ts';
import type { Session } from '../session.ts';

/** Draining takes as long as the slowest grace period; past this something is wrong. */
const limitMs = 120_000;

export const run: CommandFunction = async (session, _args, options) => {
  const engineOnly = flagOption(options, 'engineOnly');
  const what = await stop(session, !engineOnly);
  await session.out.result({ document: { schema: viewSchema, kind: 'Done', what }, text: () => [what] });
  return 0;
};

async function stop(session: Session, all: boolean): Promise<string> {
  const engine = await readEngineFile(session.state);
  try {
    await session.client.stop(all);
  } catch (thrown) {
    const error = toSluiceError(thrown, 'internal');
    if (error.code !== 'unreachable') throw error;
    if (all && (await session.host.local.stopRemains(session.state)))
      return 'stopped what an ended engine had left running';
    throw error;
  }
  session.progress.line(
    all ? 'Draining and stopping everything.' : 'Stopping the engine; traffic is served on.',
  );
  const deadlineMs = session.host.nowMs() + limitMs;
  while (engine !== null && isAlive(engine.pid)) {
    if (session.host.nowMs() > deadlineMs) {
      throw new SluiceError({
        code: 'timeout',
        message: `the engine (process ${engine.pid}) is still stopping`,
        cure: 'Look at its log in the state directory.',
      });
    }
    await sleep(50);
  }
  return all ? 'stopped' : 'the engine is stopped; traffic is served on';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}
