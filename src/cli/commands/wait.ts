import {
  argument,
  type CommandFunction,
  type CommandOptions,
  durationOption,
  flagOption,
  textOption,
  usage,
} from '../command-options.ts';
import { toSluiceError } from '../../lib/error.ts';
import { viewSchema } from '../../resource/view.ts';
import { exitCodes } from '../exit-codes.ts';
import type { WaitTarget } from '../live/judge-wait.ts';
import { waitForRollout, type WaitResult } from '../live/wait-for-rollout.ts';
import type { Session } from '../session.ts';

export const run: CommandFunction = async (session, args, options) => {
  const result = await waitWithOptions(session, options, {
    service: argument(args, 0),
    revision: textOption(options, 'revision') ?? null,
    before: new Set(),
  });
  await printWait(session, result);
  return result.exit;
};

/** `wait` and `deploy --wait` share their options. */
export async function waitWithOptions(
  session: Session,
  options: CommandOptions,
  what: { readonly service: string; readonly revision: string | null; readonly before: ReadonlySet<string> },
): Promise<WaitResult> {
  const hint = `Look again with "sluice watch ${what.service}"; "sluice rollback ${what.service}" takes it back.`;
  const wait = (signal: AbortSignal): Promise<WaitResult> =>
    waitForRollout(
      session,
      {
        ...what,
        target: targetOf(textOption(options, 'for') ?? 'promoted'),
        timeoutMs: durationOption(options, 'timeout', 3_600_000),
        observeMs: durationOption(options, 'observeTimeout', 60_000),
        waitForApproval: options['waitForApproval'] !== false,
      },
      signal,
    );
  try {
    return await session.interruptible(hint, wait);
  } catch (thrown) {
    if (toSluiceError(thrown, 'internal').code === 'interrupted' && flagOption(options, 'abortOnInterrupt')) {
      await session.client.act(what.service, {
        action: 'rollback',
        reason: 'interrupted with --abort-on-interrupt',
      });
      session.progress.line('Interrupted: asked to roll back.');
    }
    throw thrown;
  }
}

/** The last line and its exit code by name; nothing of it depends on how it was followed. */
export async function printWait(session: Session, result: WaitResult): Promise<void> {
  const outcome = Object.entries(exitCodes).find(([, { code }]) => code === result.exit)?.[0] ?? 'unexpected';
  await session.out.result({
    document: {
      schema: viewSchema,
      kind: 'Wait',
      service: result.key,
      exit: result.exit,
      outcome,
      message: result.line,
      rollout: result.rollout,
    },
    text: () => [result.line],
    names: () => (result.rollout === null ? [] : [result.rollout.name]),
  });
}

function targetOf(text: string): WaitTarget {
  if (text === 'promoted' || text === 'started' || text === 'approval') return { kind: text };
  const weight = /^weight=(\d+(?:\.\d+)?)$/.exec(text)?.[1];
  if (weight !== undefined) return { kind: 'weight', weightPercent: Number(weight) };
  throw usage(`--for is promoted, started, approval or weight=N, not "${text}"`);
}
