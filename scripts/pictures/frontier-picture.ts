import { type BenchRow, type JudgeBench, rowAt } from './bench-rows.ts';
import { type DrawnJudge, drawnJudges } from './judges.ts';
import { Plot } from './plot.ts';
import { element, marker, type Picture, type Shape, text } from './svg.ts';

const rps = 100;
const goodCell = '0.5 of the limit, independent';
const badCells = ['1 % errors', '5 % errors'] as const;

interface Point {
  readonly drawn: DrawnJudge;
  readonly good: BenchRow;
  readonly bad: BenchRow;
}

/** How often a good release is rolled back against how many requests fail before a bad one is. Down and left is better. */
export function frontierPicture(bench: JudgeBench): Picture {
  const panels = badCells.map((cell, index) => {
    const left = 72 + index * 330;
    const plot = new Plot(
      { left, top: 64, width: 240, height: 276 },
      {
        title: 'good releases rolled back',
        from: -5,
        to: 105,
        spacing: 'linear',
        ticks: [0, 25, 50, 75, 100].map((value) => [value, `${value} %`]),
      },
      {
        title: 'failed requests until rollback',
        from: 1,
        to: 1000,
        spacing: 'log',
        ticks: [1, 10, 100, 1000].map((value) => [value, String(value)]),
      },
    );
    const points = drawnJudges.map(
      (drawn): Point => ({
        drawn,
        good: rowAt(bench, drawn.judge, rps, goodCell),
        bad: rowAt(bench, drawn.judge, rps, cell),
      }),
    );
    return { cell, plot, points };
  });
  return {
    title: 'Good releases rolled back against failed requests, by judge',
    description: panels.map(({ cell, points }) => `Bad release with ${cell}: ${described(points)}`).join(' '),
    width: 850,
    height: 400,
    shapes: [
      text(
        '100 requests a second, 10 % canary, limit 0.1 %; good: 0.05 % errors. Down and left is better.',
        72,
        24,
        {
          class: 'head',
        },
      ),
      ...panels.flatMap(({ cell, plot, points }) => [
        text(`bad: ${cell}`, plot.area.left, 52, { class: 'ink' }),
        ...plot.axes(),
        ...points.flatMap((point) => shapesOf(plot, point)),
      ]),
      ...legend(),
    ],
  };
}

function shapesOf(plot: Plot, { drawn, good, bad }: Point): readonly Shape[] {
  const y = plot.y(bad.meanFailed);
  const [low, high] = good.interval;
  return [
    element('path', {
      class: `line ${drawn.ink}`,
      d: `M${plot.x(low * 100).toFixed(1)} ${y.toFixed(1)}H${plot.x(high * 100).toFixed(1)}`,
    }),
    marker(drawn.marker, plot.x(good.rolledBackShare * 100), y, drawn.ink),
  ];
}

function legend(): readonly Shape[] {
  return drawnJudges.flatMap(({ label, ink, marker: kind }, index) => [
    marker(kind, 700, 84 + index * 26, ink),
    text(label, 716, 88 + index * 26, { class: `ink ${ink}` }),
  ]);
}

function described(points: readonly Point[]): string {
  const parts = points.map(({ drawn, good, bad }) => {
    const missed = bad.runs - bad.rolledBack;
    const never = missed === 0 ? '' : `, ${missed} of ${bad.runs} never found`;
    return `${drawn.label}: ${Number((good.rolledBackShare * 100).toFixed(1))} % of good ones rolled back, ${bad.meanFailed} failed requests${never}`;
  });
  return `${parts.join('; ')}.`;
}
