import { rolloutsToShow } from '../../analysis/history/bounds.ts';
import { marginForSpread } from '../../analysis/history/pod-spread.ts';
import type { LimitProposal } from '../../analysis/history/propose-limit.ts';
import type { MarginProposal } from '../../analysis/history/propose-margin.ts';
import type { Tuning } from '../../analysis/history/tune.ts';
import type { JudgePlan } from '../../analysis/judge.ts';
import type { TunedSettings } from '../../resource/tuned-manifest.ts';
import type { Past } from '../history/past.ts';
import { highestLevel, levelOf } from '../history/tuned-settings.ts';
import { count, shortSpan } from '../terminal/format.ts';
import { boundsText, pastLines, percentOf, shownLine } from './past.ts';

export interface ShownTuning {
  readonly service: string;
  readonly judging: JudgePlan;
  readonly past: Past;
  readonly tuning: Tuning;
  readonly settings: TunedSettings;
  readonly target: number;
  /** The lines of the change; none where nothing changes. */
  readonly diff: readonly string[];
}

/** Reasons as comments, which `patch` passes over, then the change. */
export function tuneLines(shown: ShownTuning): readonly string[] {
  const { service, past, tuning, target, diff, judging } = shown;
  const lines = [
    `${service}: ${pastLines(past).join('\n')}`,
    `settings of the judge bet, from the ${count(tuning.tunedOn)} odd ones`,
    ...(judging.judge === 'bet'
      ? []
      : [`(the manifest's own judge is ${judging.judge}, which has no use for margin and level)`]),
    '',
    ...tuning.limits.flatMap((limit) => limitLines(limit, target)),
    ...marginLines(tuning.margin, past, target),
    ...levelLines(tuning, judging),
    '',
    ...reportLines(tuning, target),
  ];
  return [
    ...lines.flatMap((line) => line.split('\n')).map((line) => `# ${line}`.trimEnd()),
    ...(diff.length === 0 ? ['# The manifest stays as it is.'] : diff),
  ];
}

function limitLines(proposal: LimitProposal, target: number): readonly string[] {
  const { check, current, kind, limit, rolledBack, usual, requests, smallestFound } = proposal;
  const now = `${check}: ${percentOf(current)}`;
  const what = proposal.latency === null ? 'errors' : 'slow requests';
  const none = `none of ${count(rolledBack.of)} rollouts is rolled back (at most ${percentOf(rolledBack.high)} with 95 %)`;
  const seen = `usual are ${percentOf(usual)} ${what}`;
  const lines: string[] = [];
  if (kind === 'noData') lines.push(`${now} stays: the history holds nothing to count it by`);
  else if (kind === 'none' || limit === null)
    lines.push(`${now} stays: even at 50 % healthy rollouts are rolled back; ${seen}`);
  else if (kind === 'tooFew')
    lines.push(
      `${now} stays: at ${percentOf(limit)} ${none}, and ${count(rolloutsToShow(target))} are needed to show ${percentOf(target)}; ${seen}`,
    );
  else {
    const change = limit === current ? 'stays' : `becomes ${percentOf(limit)}`;
    lines.push(`${now} ${change}: the smallest limit of 1, 2, 5 steps at which ${none}; ${seen}`);
    lines.push(
      `  with ${count(requests)} canary requests in a rollout it finds ${smallestFound === null ? 'nothing' : `${percentOf(smallestFound)} ${what} and more`} in 9 of 10 cases`,
    );
  }
  return [...lines, ...boundLines(proposal)];
}

function boundLines({ latency }: LimitProposal): readonly string[] {
  if (latency === null) return [];
  const { limit, countedAt, below } = latency;
  if (countedAt === limit) return [];
  const counted =
    countedAt === null
      ? 'no bound of the histogram is as high, so slow requests cannot be counted'
      : `slow requests are counted from ${countedAt} s on, the next bound of the histogram (below is ${below === null ? 'none' : `${below} s`})`;
  return [`  ${counted}: add a bound at ${limit} s to the histogram of the service`];
}

function marginLines(margin: MarginProposal, { spread }: Past, target: number): readonly string[] {
  const { current, kind, rolledBack } = margin;
  const now = `margin: ${current}`;
  const placebos = `${count(rolledBack.of)} placebo${rolledBack.of === 1 ? '' : 's'} (pods of stable against each other)`;
  const lines: string[] = [];
  switch (kind) {
    case 'notCompared':
      return [`${now} stays: no check compares errors with stable`];
    case 'oneArm':
      return [`${now} stays: this history does not tell pods apart, so it has no placebos`];
    case 'noErrors':
      return [`${now} stays: nothing failed in ${placebos}, so they say nothing`];
    case 'tooFew':
      return [
        `${now} stays: at ${margin.margin ?? current} none of ${placebos} is rolled back, and ${count(rolloutsToShow(target))} are needed to show ${percentOf(target)}`,
      ];
    case 'none':
      lines.push(
        `${now} stays: even at 3, ${count(rolledBack.count)} of ${placebos} are rolled back: pods differ for good; do not compare, or look into the pods`,
      );
      break;
    case 'found':
      lines.push(
        `${now} ${margin.margin === current ? 'stays' : `becomes ${margin.margin}`}: the smallest of 1, 1.25, 1.5, 2, 3 at which none of ${placebos} is rolled back (at most ${percentOf(rolledBack.high)} with 95 %)`,
      );
  }
  const asked = spread === null ? 1 : marginForSpread(spread, 1, Math.max(1, spread.pods - 1));
  if (spread !== null && asked > (margin.margin ?? current))
    lines.push(
      `  error rates of ${spread.pods} pods differ by a factor of ${Number(Math.exp(spread.logDeviation).toFixed(2))} (one standard deviation): for one canary pod that asks for a margin of ${Number(asked.toFixed(2))}`,
    );
  return lines;
}

function levelLines({ level, tunedOn }: Tuning, judging: JudgePlan): readonly string[] {
  const least = 1 / (judging.bet?.falseRollback ?? 0.01);
  const current = Number(Math.max(judging.bet?.level ?? 0, least).toPrecision(6));
  const now = `level: ${current}`;
  if (level.kind === 'tooShort')
    return [
      `${now} stays: it takes ${count(level.needed)} rollouts to measure one, and these are ${count(tunedOn)}`,
    ];
  const wanted = levelOf(level.logLevel);
  const rank = `number ${level.rank} of the largest evidences against ${count(tunedOn)} healthy rollouts, ${evidenceText(level.logKth)}`;
  if (wanted > highestLevel)
    return [
      `${now} stays: the larger of ${Number(least.toPrecision(6))} and ${rank}, which no level repairs: see to the limits, or to what happened then`,
    ];
  const verb = Math.abs(Math.log(wanted / current)) > 0.05 ? `becomes ${wanted}` : 'stays';
  const lines = [
    `${now} ${verb}: the larger of ${Number(least.toPrecision(6))} and ${rank}; ${count(level.aboveDefault)} came above ${Number(least.toPrecision(6))}`,
  ];
  if (wanted > 10 * least)
    lines.push(
      '  so high a level says that errors come in clusters that the judge does not see: a wider margin is the better cure',
    );
  return lines;
}

function evidenceText(log: number): string {
  return log > Math.log(1e6)
    ? `10^${Math.floor(log / Math.LN10)}`
    : String(Number(Math.exp(log).toPrecision(3)));
}

function reportLines({ before, after }: Tuning, target: number): readonly string[] {
  const [old] = before.judges;
  const [tuned] = after.judges;
  if (old === undefined || tuned === undefined) return [];
  const row = ({ rolledBack }: typeof old): string =>
    `${count(rolledBack.count)} of ${count(rolledBack.of)} healthy rollouts (${boundsText(rolledBack)})`;
  const bad = after.bad.map(({ file, caught }, index) => {
    const earlier = before.bad[index]?.caught[0]?.afterMs ?? null;
    return `  ${file}: caught ${afterText(caught[0]?.afterMs ?? null)}, before ${afterText(earlier)}`;
  });
  return [
    'on the even ones, which nothing was tuned on, bet rolls back',
    `  as the manifest is: ${row(old)}`,
    `  as proposed: ${row(tuned)}`,
    `  ${shownLine(tuned.rolledBack, target, rolloutsToShow(target))}`,
    ...bad,
  ];
}

function afterText(afterMs: number | null): string {
  return afterMs === null ? 'never' : `after ${shortSpan(afterMs)}`;
}

/** The same for programs: shares are from 0 to 1. */
export function tuneDocument({ service, tuning, settings, target, diff, past }: ShownTuning): object {
  const { limits, margin, level, before, after, tunedOn } = tuning;
  const reported = (report: typeof before): object => ({
    rolledBack: report.judges[0]?.rolledBack ?? null,
    bad: report.bad,
  });
  return {
    service,
    target,
    rolloutsNeeded: rolloutsToShow(target),
    tunedOn,
    reportedOn: after.healthy,
    healthyRollouts: past.healthy.length,
    leftOutBlocks: past.leftOut,
    limits,
    margin,
    level:
      level.kind === 'level'
        ? { ...level, level: level.logLevel > 300 ? null : levelOf(level.logLevel) }
        : level,
    before: reported(before),
    after: reported(after),
    settings,
    diff: diff.join('\n'),
  };
}
