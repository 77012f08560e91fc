import { element, type Ink, line, type Shape, text } from './svg.ts';

/** One axis: which values, how they are spaced, and what is written beside them. */
export interface Axis {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly spacing: 'linear' | 'log';
  readonly ticks: readonly (readonly [value: number, label: string])[];
}

export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A field with two axes. Values outside of the axes are drawn at their edge. */
export class Plot {
  readonly area: Area;
  readonly #x: Axis;
  readonly #y: Axis;

  constructor(area: Area, x: Axis, y: Axis) {
    this.area = area;
    this.#x = x;
    this.#y = y;
  }

  x(value: number): number {
    return this.area.left + partOf(this.#x, value) * this.area.width;
  }

  y(value: number): number {
    return this.area.top + (1 - partOf(this.#y, value)) * this.area.height;
  }

  point([x, y]: readonly [number, number]): readonly [number, number] {
    return [this.x(x), this.y(y)];
  }

  line(values: readonly (readonly [number, number])[], ink: Ink, dash: string | null = null): Shape {
    return line(
      values.map((value) => this.point(value)),
      ink,
      dash,
    );
  }

  /** A level over the whole width. */
  rule(value: number, ink: Ink): Shape {
    const y = this.y(value);
    const { left, width } = this.area;
    return element('line', { class: `rule ${ink}`, x1: left, x2: left + width, y1: y, y2: y });
  }

  axes(): readonly Shape[] {
    const { left, top, width, height } = this.area;
    const bottom = top + height;
    return [
      ...this.#x.ticks.flatMap(([value, label]) => {
        const x = this.x(value);
        return [
          element('line', { class: 'grid', x1: x, x2: x, y1: top, y2: bottom }),
          text(label, x, bottom + 18, { class: 'tick', anchor: 'middle' }),
        ];
      }),
      ...this.#y.ticks.flatMap(([value, label]) => {
        const y = this.y(value);
        return [
          element('line', { class: 'grid', x1: left, x2: left + width, y1: y, y2: y }),
          text(label, left - 8, y + 4, { class: 'tick', anchor: 'end' }),
        ];
      }),
      text(this.#x.title, left + width / 2, bottom + 38, { anchor: 'middle' }),
      text(this.#y.title, left - 52, top + height / 2, { anchor: 'middle', turned: true }),
    ];
  }
}

function partOf({ from, to, spacing }: Axis, value: number): number {
  const of = spacing === 'log' ? Math.log : (plain: number): number => plain;
  const held = Math.min(Math.max(value, from), to);
  return (of(held) - of(from)) / (of(to) - of(from));
}

/** Heights for labels that stand beside one another's lines: the lowest stays, those above it move up until all are `gap` apart. */
export function spread(heights: readonly number[], gap = 17): readonly number[] {
  const placed = heights.map((height, index) => ({ height, index })).toSorted((a, b) => b.height - a.height);
  const result = [...heights];
  let free = Number.POSITIVE_INFINITY;
  for (const { height, index } of placed) {
    const at = Math.min(height, free);
    result[index] = at;
    free = at - gap;
  }
  return result;
}
