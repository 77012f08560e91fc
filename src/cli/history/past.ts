import { type History, lengthOf, type RolloutCourse } from '../../analysis/history/history.ts';
import type { PastRollout } from '../../analysis/history/judge-rollout.ts';
import { rolloutsOf } from '../../analysis/history/past-rollouts.ts';
import { podSpread, type PodSpread } from '../../analysis/history/pod-spread.ts';
import { type Hours, type LeftOut, longestPart } from '../../analysis/history/pseudo-rollouts.ts';
import { SluiceError } from '../../lib/error.ts';
import { fromManifests } from '../manifest-documents.ts';
import { didYouMeanSentence } from '../did-you-mean.ts';
import { type PastPlan, pastPlansOf } from '../../resource/past-plans.ts';
import type { JudgePlan } from '../../analysis/judge.ts';
import { medianOf } from '../../analysis/trace/jumps.ts';
import { type CommandOptions, listOption, numberOption, textOption, usage } from '../command-options.ts';
import type { Session } from '../session.ts';
import { count, plannedSpan } from '../terminal/format.ts';
import { fromPrometheus } from './prometheus-past.ts';
import { readTraceFiles } from './trace-files.ts';

/** The Canary of the manifests that `-f` and `--service` name, and the files that they are. Throws SluiceError. */
export async function pastPlan(session: Session, options: CommandOptions): Promise<PastPlan> {
  const wanted = textOption(options, 'service');
  const plans = await fromManifests(session, listOption(options, 'file'), pastPlansOf, 'Canary');
  const found = plans.filter(
    ({ service }) => wanted === undefined || service === wanted || service.split('/')[1] === wanted,
  );
  const [plan] = found;
  const names = plans.map(({ service }) => service);
  if (plan === undefined)
    throw usage(`there is no Canary "${wanted ?? ''}".${didYouMeanSentence(wanted ?? '', names)}`);
  if (found.length > 1)
    throw usage(`the files hold several Canaries: name one with --service: ${names.join(', ')}`);
  return plan;
}

/** All that is known of a service's past. */
export interface Past {
  readonly course: RolloutCourse;
  /** With the checks that the history answers, and the length of its blocks. */
  readonly judging: JudgePlan;
  readonly healthy: readonly PastRollout[];
  readonly bad: readonly PastRollout[];
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly leftOut: Readonly<Record<LeftOut, number>>;
  readonly resets: number;
  readonly spread: PodSpread | null;
  /** Checks that the history does not answer. */
  readonly unanswered: readonly string[];
  readonly notes: readonly string[];
}

/** Where the canary has no weight (A/B, blue-green) as much as for stable is reckoned with. */
const shareWithoutWeight = 0.5;

/** The steps of a plan that hold traffic. */
function courseOf({ steps }: PastPlan): RolloutCourse {
  return {
    steps: steps.map(({ routing, holdMs }) => ({
      holdMs,
      share: routing.kind === 'weight' ? routing.weightPercent / 100 : shareWithoutWeight,
    })),
  };
}

/** Reads the past as the options say: from Prometheus or from traces, never from both. Throws SluiceError. */
export async function readPast(session: Session, plan: PastPlan, options: CommandOptions): Promise<Past> {
  const course = courseOf(plan);
  const lengthMs = lengthOf(course);
  if (lengthMs <= 0)
    throw usage('the Canary has no steps, so there is no rollout whose length a history could be cut to');
  const from = textOption(options, 'from');
  const traces = listOption(options, 'trace');
  if ((from === undefined) === (traces.length === 0))
    throw usage('name the history: --from prometheus=URL, or --trace FILE...');
  const files = await readTraceFiles(session.host, traces, listOption(options, 'bad'));
  const read = from === undefined ? null : await fromPrometheus(session, plan, from, options);
  const histories = read === null ? files.histories : [read.history];
  const hours = hoursOption(options);
  const seed = numberOption(options, 'seed', 1, 0xffff_ffff);
  const cuts = histories.map((history) => rolloutsOf(history, course, { seed, ...(hours && { hours }) }));
  const healthy = [...files.healthy, ...cuts.flatMap(({ rollouts }) => rollouts)];
  const coveredMs = histories.reduce((sum, history) => sum + coverOf(history), 0);
  if (healthy.length === 0 && (histories.length > 0 || files.bad.length === 0))
    throw tooShort(coveredMs, lengthMs, histories, hours);
  // Where only bad rollouts are named, what can be asked is when they would have been caught.
  const starts = [...cuts.map(({ fromMs }) => fromMs), ...files.healthy.map(({ startMs }) => startMs)];
  const ends = [...cuts.map(({ toMs }) => toMs), ...files.healthy.map(endOf)];
  const sum = (why: LeftOut): number => cuts.reduce((total, { leftOut }) => total + leftOut[why], 0);
  const unanswered = [...plan.asked, ...(read?.unanswered ?? [])];
  const checks = plan.judging.checks.filter(({ name }) => !unanswered.includes(name));
  if (checks.length === 0) throw usage('the Canary has no check that requests and their latency answer');
  sayHowMuch(session, healthy);
  return {
    course,
    judging: withBlocks({ ...plan.judging, checks }, lengthMs, [...healthy, ...files.bad]),
    healthy,
    bad: files.bad,
    fromMs: least(starts),
    toMs: least(
      ends.map((end) => (end === null ? null : -end)),
      -1,
    ),
    leftOut: {
      gap: sum('gap'),
      otherHours: sum('otherHours'),
      noTraffic: sum('noTraffic'),
      rest: sum('rest'),
    },
    resets: histories.reduce((total, { resets }) => total + resets, 0),
    spread: histories.length === 1 && histories[0] !== undefined ? podSpread(histories[0]) : null,
    unanswered: [...new Set(unanswered)],
    notes: [...files.notes, ...weightNotes(plan), ...histories.flatMap(({ notes }) => notes)],
  };
}

function weightNotes({ steps }: PastPlan): readonly string[] {
  return steps.every(({ routing }) => routing.kind === 'weight')
    ? []
    : ['A step has no weight: the canary is taken to have half of the requests in it.'];
}

/** More blocks than this take seconds, in which nothing is printed. */
const manyBlocks = 20_000;

function sayHowMuch(session: Session, rollouts: readonly PastRollout[]): void {
  const blocks = rollouts.reduce(
    (sum, { arms }) => sum + (arms.kind === 'split' ? arms.whole : arms.blocks).length,
    0,
  );
  if (blocks > manyBlocks)
    session.progress.line(`Judging ${count(rollouts.length)} rollouts of ${count(blocks)} blocks in all.`);
}

/** The prior of a later onset is spread over as many blocks as a rollout has. */
function withBlocks(judging: JudgePlan, lengthMs: number, rollouts: readonly PastRollout[]): JudgePlan {
  const lengths = rollouts.flatMap(({ arms }) =>
    (arms.kind === 'split' ? arms.whole : arms.blocks).slice(0, 20).map(({ durationMs }) => durationMs),
  );
  const plannedBlocks = Math.max(1, Math.round(lengthMs / Math.max(1, medianOf(lengths))));
  return { ...judging, bet: { ...judging.bet, plannedBlocks } };
}

function least(values: readonly (number | null)[], sign: 1 | -1 = 1): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : sign * Math.min(...known);
}

function endOf({ arms }: PastRollout): number | null {
  const blocks = arms.kind === 'split' ? arms.whole : arms.blocks;
  return blocks.at(-1)?.atMs ?? null;
}

function coverOf({ blocks }: History): number {
  return blocks.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

function tooShort(
  coveredMs: number,
  lengthMs: number,
  histories: readonly History[],
  hours: Hours | undefined,
): SluiceError {
  const blocks = histories.flatMap((history) => history.blocks);
  const blockMs = medianOf(blocks.map(({ durationMs }) => durationMs));
  const refuse = (message: string, cure: string): SluiceError =>
    new SluiceError({ code: 'usage', message, cure });
  const longer = 'Give a longer history, or one with fewer gaps.';
  if (coveredMs === 0) return refuse('the history is empty', longer);
  const covered = plannedSpan(coveredMs);
  const rollout = plannedSpan(lengthMs);
  if (!blocks.some(({ pods }) => pods.some(({ counts }) => counts.requests > 0)))
    return refuse(`the history has no request in its ${covered}`, 'Give one of a service that is used.');
  if (blockMs > lengthMs * longestPart)
    return refuse(
      `the history has a block each ${plannedSpan(blockMs)}, too rarely for a rollout of ${rollout}`,
      'Measure more often, or take longer steps.',
    );
  const within = hours === undefined ? '' : ' within --hours';
  return refuse(
    `the history does not hold one whole rollout: it covers ${covered}, and a rollout takes ${rollout} without a gap${within}`,
    longer,
  );
}

function hoursOption(options: CommandOptions): Hours | undefined {
  const text = textOption(options, 'hours');
  if (text === undefined) return undefined;
  const [, from, to] = /^(\d{1,2})-(\d{1,2})$/.exec(text) ?? [];
  const hours = { from: Number(from), to: Number(to) };
  if (!(hours.from <= 23 && hours.to <= 24 && hours.from !== hours.to))
    throw usage(`--hours is two hours of the day in UTC such as 8-18, not "${text}"`);
  return hours;
}
