import { gridOf } from '../../bench/judge/grid.ts';
import { betPlan } from '../../bench/judge/rivals.ts';
import { bet } from '../../src/analysis/bet/bet.ts';
import { Random } from '../../test/statistics/random.ts';
import { beginMs, blocksOf } from '../../test/statistics/world.ts';
import { Plot } from './plot.ts';
import { type Ink, type Marker, marker, type Picture, type Shape, text } from './svg.ts';

const shownSeconds = 300;
const level = 100;

interface Release {
  readonly cell: string;
  readonly label: string;
  readonly ink: Ink;
  readonly marker: Marker;
  /** Where its label stands: seconds and evidence. */
  readonly labelAt: readonly [number, number];
}

const releases: readonly Release[] = [
  {
    cell: '0.5 of the limit, independent',
    label: 'good: 0.05 %',
    ink: 'bet',
    marker: 'circle',
    labelAt: [212, 0.31],
  },
  { cell: '0.5 % errors', label: 'bad: 0.5 %', ink: 'orange', marker: 'square', labelAt: [82, 46] },
  { cell: '1 % errors', label: 'bad: 1 %', ink: 'red', marker: 'diamond', labelAt: [22, 21] },
  { cell: '5 % errors', label: 'bad: 5 %', ink: 'purple', marker: 'triangle', labelAt: [16, 600] },
];

/** Evidence over time of a good release and of three bad ones: the first rollout of each, by its seed. */
export function evidencePicture(): Picture {
  const plot = new Plot(
    { left: 72, top: 40, width: 530, height: 300 },
    {
      title: 'seconds since the canary got 10 % of 100 requests a second',
      from: 0,
      to: shownSeconds,
      spacing: 'linear',
      ticks: [0, 60, 120, 180, 240, 300].map((value) => [value, `${value} s`]),
    },
    {
      title: 'evidence against the release',
      from: 0.1,
      to: 1000,
      spacing: 'log',
      ticks: [0.1, 1, 10, 100, 1000].map((value) => [value, String(value)]),
    },
  );
  const courses = releases.map((release) => ({ release, course: courseOf(release.cell, 1) }));
  return {
    title: 'Evidence over time of one good release and three bad ones',
    description: descriptionOf(courses),
    width: 740,
    height: 400,
    shapes: [
      text('Limit 0.1 % errors: each block of 5 s multiplies the evidence', 72, 24, { class: 'head' }),
      ...plot.axes(),
      plot.rule(level, 'red'),
      plot.rule(Math.sqrt(level), 'grey'),
      text('u = 100: rollback', 610, plot.y(level) + 4, { class: 'ink red' }),
      text('√u = 10: suspect', 610, plot.y(Math.sqrt(level)) + 4, { class: 'ink grey' }),
      ...courses.flatMap(({ release, course }) => drawn(plot, release, course)),
    ],
  };
}

interface Course {
  readonly points: readonly (readonly [seconds: number, evidence: number])[];
  readonly rolledBack: boolean;
}

function courseOf(cellName: string, seed: number): Course {
  const cell = gridOf([100]).find(({ name }) => name === cellName);
  if (cell === undefined) throw new Error(`the bench has no cell ${cellName}`);
  const plan = betPlan(cell.rps * 0.1 * cell.world.blockSeconds);
  const points: (readonly [number, number])[] = [[0, 1]];
  let state = bet.start(plan);
  for (const block of blocksOf(cell.world, new Random(seed))) {
    const seconds = (block.atMs - beginMs) / 1000;
    if (seconds > shownSeconds) break;
    const input = { blocks: [block], samples: [], signals: [], providerError: null, nowMs: block.atMs };
    const next = bet.judge(plan, state, input);
    state = next.state;
    points.push([seconds, Math.exp(next.verdict.evidence?.logEvidence ?? 0)]);
    if (next.verdict.kind === 'fail') return { points, rolledBack: true };
  }
  return { points, rolledBack: false };
}

function drawn(plot: Plot, release: Release, { points, rolledBack }: Course): readonly Shape[] {
  const end = points.at(-1);
  const [x, y] = plot.point(release.labelAt);
  return [
    plot.line(points, release.ink),
    ...(rolledBack && end !== undefined
      ? [marker(release.marker, plot.x(end[0]), plot.y(end[1]), release.ink)]
      : []),
    text(release.label, x, y, { class: `ink ${release.ink}` }),
  ];
}

function descriptionOf(courses: readonly { readonly release: Release; readonly course: Course }[]): string {
  const parts = courses.map(({ release, course: { points, rolledBack } }) => {
    const [seconds, evidence] = points.at(-1) ?? [0, 1];
    return rolledBack
      ? `${release.label}: rolled back after ${seconds} s`
      : `${release.label}: never suspect, evidence ${evidence.toPrecision(1)} at the end`;
  });
  return `Lines over 300 seconds on a logarithmic scale, with levels at 10 (suspect) and 100 (rollback). ${parts.join('; ')}.`;
}
