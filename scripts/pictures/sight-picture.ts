import { smallestFound } from '../../src/analysis/power.ts';
import { Plot, spread } from './plot.ts';
import { type Ink, type Picture, text } from './svg.ts';

const limit = 0.001;
/** An error rate that is held against its limit and against stable: two tests share α. */
const settings = { limit, falseRollback: 0.01, power: 0.9, tests: 2 };

const steps: readonly {
  readonly label: string;
  readonly seconds: number;
  readonly ink: Ink;
  readonly dash: string | null;
}[] = [
  { label: '10 % for 5 min', seconds: 0.1 * 300, ink: 'orange', dash: '2 3' },
  { label: '25 % for 10 min', seconds: 0.25 * 600, ink: 'blue', dash: '8 3' },
  { label: '50 % for 15 min', seconds: 0.5 * 900, ink: 'bet', dash: null },
];

const levels = Array.from({ length: 61 }, (_, index) => 10 ** (index / 20));

/** The smallest error rate that a step finds in 9 of 10 cases, by the traffic of the whole service. */
export function sightPicture(): Picture {
  const plot = new Plot(
    { left: 72, top: 40, width: 520, height: 300 },
    {
      title: 'requests a second, both arms together',
      from: 1,
      to: 1000,
      spacing: 'log',
      ticks: [1, 10, 100, 1000].map((value) => [value, String(value)]),
    },
    {
      title: 'smallest error rate found',
      from: 0.0005,
      to: 0.5,
      spacing: 'log',
      ticks: [
        [0.001, '0.1 %'],
        [0.003, '0.3 %'],
        [0.01, '1 %'],
        [0.03, '3 %'],
        [0.1, '10 %'],
        [0.3, '30 %'],
      ],
    },
  );
  const lines = steps.map((step) => ({
    ...step,
    points: levels.flatMap((rps): readonly (readonly [number, number])[] => {
      const found = smallestFound(rps * step.seconds, settings);
      return found === null ? [] : [[rps, found]];
    }),
  }));
  const labelsY = spread(lines.map(({ points }) => plot.y(points.at(-1)?.[1] ?? limit)));
  return {
    title: 'What a step can see, by traffic',
    description: `Smallest error rate that is found with 90 % against a limit of 0.1 %, falling with traffic. ${lines
      .map(
        ({ label, seconds }) =>
          `${label}: ${[1, 10, 100, 1000].map((rps) => `${percent(smallestFound(rps * seconds, settings))} at ${rps}`).join(', ')} requests a second`,
      )
      .join('; ')}.`,
    width: 740,
    height: 400,
    shapes: [
      text('A step finds this in 9 of 10 cases (limit 0.1 %, α = 1 %)', 72, 24, { class: 'head' }),
      ...plot.axes(),
      plot.rule(limit, 'red'),
      text('the limit', 80, plot.y(limit) - 6, { class: 'ink red' }),
      ...lines.flatMap(({ label, ink, dash, points }, index) => [
        plot.line(points, ink, dash),
        text(label, 600, (labelsY[index] ?? 0) + 4, { class: `ink ${ink}` }),
      ]),
    ],
  };
}

function percent(share: number | null): string {
  return share === null ? 'nothing' : `${Number((share * 100).toPrecision(2))} %`;
}
