import type { Block } from '../analysis/block.ts';
import { writeTrace, type WrittenBlock } from '../analysis/trace/write-trace.ts';
import { SluiceError } from '../lib/error.ts';
import type { MeasurementView } from '../resource/view.ts';
import { didYouMeanSentence } from './did-you-mean.ts';
import type { Session } from './session.ts';

/** Rollouts of a service that are asked for to find one by its name. */
const mostRollouts = 100;
/** Under this name counts of requests are recorded; other names are numbers from metrics servers. */
const requestsCheck = 'requests';

/** What both arms of a rollout served while it was judged, as a trace; without a name, of the newest rollout. Throws SluiceError `not-found`. */
export async function rolloutTrace(
  session: Session,
  key: string,
  named: string | undefined,
): Promise<{ readonly rollout: string; readonly blocks: readonly WrittenBlock[] }> {
  const { rollouts } = await session.client.history(key, named === undefined ? 1 : mostRollouts);
  const found = named === undefined ? rollouts[0] : rollouts.find(({ name }) => name === named);
  if (found === undefined) {
    const names = rollouts.map(({ name }) => name);
    const message =
      named === undefined
        ? `${key} has had no rollout yet`
        : `${key} has no rollout "${named}".${didYouMeanSentence(named, names)}`;
    throw new SluiceError({ code: 'not-found', message, cure: 'Run "sluice history" to see the names.' });
  }
  const { measurements } = await session.client.measurements(found.name);
  return { rollout: found.name, blocks: writeTrace(blocksOf(measurements)) };
}

/** The two arms of a block are recorded one after the other, with the same end. */
export function blocksOf(measurements: readonly MeasurementView[]): readonly Block[] {
  const blocks = new Map<number, Block>();
  for (const { check, arm, atMs, durationMs, requests, errors, latency } of measurements) {
    if (check !== requestsCheck) continue;
    const counts = {
      requests,
      errors,
      ...(latency !== null && { latency: { unit: 's', ...latency } as const }),
    };
    blocks.set(atMs, { ...(blocks.get(atMs) ?? { atMs, durationMs }), [arm]: counts });
  }
  return [...blocks.values()].toSorted((a, b) => a.atMs - b.atMs);
}
