import type { CheckPlan, JudgePlan } from '../analysis/judge.ts';
import type { Trace } from '../analysis/trace/trace.ts';
import { medianOf } from '../analysis/trace/jumps.ts';
import { withJudge } from '../analysis/with-judge.ts';
import { SluiceError } from '../lib/error.ts';
import { judgingsOf } from '../resource/judgings.ts';
import { parseObjective } from '../resource/objective.ts';
import {
  type CommandOptions,
  durationOption,
  listOption,
  numberOption,
  textOption,
  usage,
} from './command-options.ts';
import { didYouMeanSentence } from './did-you-mean.ts';
import { judgeNames } from './judge-names.ts';
import { fromManifests } from './manifest-documents.ts';
import type { Session } from './session.ts';

const defaultErrorLimit = '0.1 %';
const intervalMs = 10_000;
const leastRequests = 20;

/** The judging that the options ask for: of a Canary in a file, or made of limits. Throws SluiceError `usage` or `invalid-resource`. */
export async function judgingFor(session: Session, options: CommandOptions): Promise<JudgePlan> {
  const files = listOption(options, 'file');
  const base =
    files.length === 0 ? bare : await judgingOfFiles(session, files, textOption(options, 'service'));
  const limits = limitsOf(options, files.length === 0);
  const checks = limits.reduce((all, limit) => withLimit(all, limit), base.checks);
  if (checks.length === 0)
    throw new SluiceError({
      code: 'usage',
      message: 'the Canary has no check that a trace can answer',
      cure: 'Add --error-limit or --latency.',
    });
  const falseRollback = percentOption(options, 'falseRollback', 'false-rollback');
  const margin = marginOption(options);
  const plan: JudgePlan = {
    ...base,
    intervalMs: Math.max(1, durationOption(options, 'interval', base.intervalMs)),
    failureThreshold: Math.max(1, numberOption(options, 'threshold', base.failureThreshold, 1_000_000)),
    bet: {
      ...base.bet,
      ...(falseRollback !== null && { falseRollback: falseRollback / 100 }),
      ...(margin !== null && { margin }),
    },
    checks,
  };
  const judge = judgeNames.find((name) => name === options['judge']) ?? plan.judge;
  const judged = withJudge(plan, judge);
  if (judged.argo === undefined || textOption(options, 'interval') === undefined) return judged;
  const metrics = judged.argo.metrics.map((metric) => ({ ...metric, intervalMs: plan.intervalMs }));
  return { ...judged, argo: { ...judged.argo, metrics } };
}

/** The sizes that `bet` is planned for: here they are known. */
export function withSizeOf(plan: JudgePlan, { blocks }: Trace): JudgePlan {
  const requests = blocks.flatMap(({ canary }) => (canary && canary.requests > 0 ? [canary.requests] : []));
  const plannedBlocks = Math.max(1, blocks.length);
  return { ...plan, bet: { ...plan.bet, plannedBlocks, plannedRequests: Math.max(1, medianOf(requests)) } };
}

/** What a Canary of `sluice.dev` has without any setting. */
const bare: JudgePlan = {
  judge: 'bet',
  intervalMs,
  failureThreshold: 2,
  failAt: 'atOnce',
  onNoData: 'wait',
  checks: [],
};

async function judgingOfFiles(
  session: Session,
  files: readonly string[],
  wanted: string | undefined,
): Promise<JudgePlan> {
  const make = (documents: Parameters<typeof judgingsOf>[0]) => {
    const { judgings, findings } = judgingsOf(documents);
    return { made: judgings, findings };
  };
  const judgings = await fromManifests(session, files, make, 'Canary');
  const found = judgings.filter(
    ({ service }) => wanted === undefined || service === wanted || service.split('/')[1] === wanted,
  );
  const [first] = found;
  const names = judgings.map(({ service }) => service);
  if (first === undefined)
    throw usage(`there is no Canary "${wanted ?? ''}".${didYouMeanSentence(wanted ?? '', names)}`);
  if (found.length > 1)
    throw usage(`the files hold several Canaries: name one with --service: ${names.join(', ')}`);
  for (const name of first.asked)
    session.progress.line(
      `${first.service}: "${name}" is asked from a metrics server: left out, a trace has only requests`,
    );
  return first.judging;
}

function limitsOf(options: CommandOptions, isBare: boolean): readonly CheckPlan[] {
  const errorText = textOption(options, 'errorLimit') ?? (isBare ? defaultErrorLimit : undefined);
  const latencyText = textOption(options, 'latency');
  return [
    ...(errorText === undefined ? [] : [checkOf('error-rate', '--error-limit', errorText)]),
    ...(latencyText === undefined ? [] : [checkOf('latency', '--latency', latencyText)]),
  ];
}

function checkOf(name: 'error-rate' | 'latency', option: string, text: string): CheckPlan {
  const parsed = parseObjective(text, name);
  if (!parsed.ok) throw usage(`${option}: ${parsed.error}`);
  const { measure, limit } = parsed.value;
  const isLatency = measure.kind === 'latencyQuantile';
  if (isLatency !== (name === 'latency'))
    throw usage(
      `${option} is ${isLatency ? 'a share of errors, such as "0.1 %"' : 'a quantile, such as "p95 2 s"'}, not "${text}"`,
    );
  return {
    name,
    measure,
    limit,
    shownUnit: isLatency ? 'ms' : '%',
    shownScale: isLatency ? 1000 : 1,
    windowMs: 60_000,
    minRequests: leastRequests,
  };
}

/** The limit takes the place of the first check of its kind, under whose name and window it goes on, and of all others. */
function withLimit(checks: readonly CheckPlan[], limit: CheckPlan): readonly CheckPlan[] {
  const isLatency = (check: CheckPlan): boolean => check.measure.kind === 'latencyQuantile';
  const same = checks.filter((check) => isLatency(check) === isLatency(limit));
  const others = checks.filter((check) => !same.includes(check));
  const [first] = same;
  if (first === undefined) return [...others, limit];
  const { measure, shownUnit, shownScale } = limit;
  return [{ ...first, measure, limit: limit.limit, shownUnit, shownScale }, ...others];
}

function percentOption(options: CommandOptions, name: string, flag: string): number | null {
  const text = textOption(options, name);
  if (text === undefined) return null;
  const percent = Number(/^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim())?.[1] ?? Number.NaN);
  if (percent > 0 && percent < 100) return percent;
  throw usage(`--${flag} is a share such as "1 %", not "${text}"`);
}

function marginOption(options: CommandOptions): number | null {
  const text = textOption(options, 'margin');
  if (text === undefined) return null;
  const margin = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && margin >= 1 && margin <= 1000) return margin;
  throw usage(`--margin is how many times stable's share of errors is allowed, 1 or more, not "${text}"`);
}
