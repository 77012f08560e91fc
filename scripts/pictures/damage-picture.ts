import { leastRequests } from '../../src/analysis/power.ts';
import { type JudgeBench, rowAt } from './bench-rows.ts';
import { drawnJudges } from './judges.ts';
import { Plot, spread } from './plot.ts';
import { marker, type Picture, text } from './svg.ts';

const rps = 100;
const limit = 0.001;
const alpha = 0.01;
const rates = [0.005, 0.01, 0.05, 0.5] as const;
/** As the bench names the cells. */
const cellOf = (rate: number): string => `${rate * 100} % errors`;

/** How many requests fail before a bad release is rolled back, by its error rate. */
export function damagePicture(bench: JudgeBench): Picture {
  const plot = new Plot(
    { left: 72, top: 40, width: 480, height: 330 },
    {
      title: 'error rate of the canary',
      from: 0.004,
      to: 0.6,
      spacing: 'log',
      ticks: rates.map((rate) => [rate, `${rate * 100} %`]),
    },
    {
      title: 'failed requests until rollback',
      from: 1,
      to: 10_000,
      spacing: 'log',
      ticks: [1, 10, 100, 1000, 10_000].map((value) => [value, value.toLocaleString('en-US')]),
    },
  );
  const lines = drawnJudges.map((drawn) => ({
    ...drawn,
    points: rates.map((rate) => [rate, rowAt(bench, drawn.judge, rps, cellOf(rate)).meanFailed] as const),
  }));
  const floor = rates.map((rate) => [rate, rate * leastRequests(rate, limit, alpha)] as const);
  const labelled = [...lines, { label: 'least with α = 1 %', ink: 'grey' as const, points: floor }];
  const labelsY = spread(labelled.map(({ points }) => plot.y(points.at(-1)?.[1] ?? 1)));
  return {
    title: 'Failed requests until rollback, by error rate and judge',
    description: `Both axes logarithmic; mean of the runs, 100 requests a second, 10 % canary. ${lines
      .map(
        ({ label, points }) =>
          `${label}: ${points.map(([rate, failed]) => `${failed} at ${rate * 100} %`).join(', ')}`,
      )
      .join('; ')}.`,
    width: 740,
    height: 430,
    shapes: [
      text('100 requests a second, 10 % canary, limit 0.1 % errors', 72, 24, { class: 'head' }),
      ...plot.axes(),
      plot.line(floor, 'grey', '1 4'),
      ...lines.flatMap(({ points, ink, dash, marker: kind }) => [
        plot.line(points, ink, dash),
        ...points.map(([rate, failed]) => marker(kind, plot.x(rate), plot.y(failed), ink, 4.5)),
      ]),
      ...labelled.map(({ label, ink }, index) =>
        text(label, 562, (labelsY[index] ?? 0) + 4, { class: `ink ${ink}` }),
      ),
    ],
  };
}
