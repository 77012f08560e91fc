import type { History } from '../../analysis/history/history.ts';
import { parseDuration } from '../../lib/duration.ts';
import { SluiceError } from '../../lib/error.ts';
import { historySelectors } from '../../resource/history-selectors.ts';
import type { PastPlan } from '../../resource/past-plans.ts';
import { type CommandOptions, listOption, textOption, usage } from '../command-options.ts';
import type { Session } from '../session.ts';

/** The history of the counters that the Canary names, and the checks that they do not answer. Throws SluiceError. */
export async function fromPrometheus(
  session: Session,
  { canary }: PastPlan,
  from: string,
  options: CommandOptions,
): Promise<{ readonly history: History; readonly unanswered: readonly string[] }> {
  const address = /^prometheus=(.+)$/.exec(from)?.[1];
  if (address === undefined) throw usage(`--from is prometheus=URL, not "${from}"`);
  const { total, bad, buckets, unanswered } = historySelectors(canary);
  if (total === undefined && buckets === undefined) {
    throw new SluiceError({
      code: 'usage',
      message: 'no metric says which raw counters it is made of',
      cure: 'Write metrics[].objective: {limit, total, bad}, or {limit, buckets} for a latency; each is a plain selector.',
    });
  }
  const toMs = session.host.nowMs();
  const sinceMs = sinceOption(options);
  const history = await session.host.local.metricHistory({
    address,
    headers: headersOption(options),
    selectors: {
      ...(total !== undefined && { total }),
      ...(bad !== undefined && { bad }),
      ...(buckets !== undefined && { buckets }),
    },
    fromMs: toMs - sinceMs,
    toMs,
    onProgress: (readToMs) => {
      const done = Math.floor((100 * (readToMs - toMs + sinceMs)) / sinceMs);
      session.progress.heartbeat(`${done} % of the history is read`);
    },
  });
  return { history, unanswered };
}

function sinceOption(options: CommandOptions): number {
  const text = textOption(options, 'since') ?? '14d';
  const parsed = parseDuration(text);
  if (!parsed.ok) throw usage(`--since: ${parsed.error}`);
  if (parsed.value < 60_000 || parsed.value > 400 * 86_400_000) throw usage('--since is from 1m to 400d');
  return parsed.value;
}

function headersOption(options: CommandOptions): Readonly<Record<string, readonly string[]>> {
  const headers: Record<string, string[]> = {};
  for (const text of listOption(options, 'header')) {
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) throw usage('--header is "Name: value"');
    headers[name] = [...(headers[name] ?? []), value];
  }
  return headers;
}
