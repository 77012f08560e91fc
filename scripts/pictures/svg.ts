/** Anything drawn: finished SVG. */
export type Shape = string;

/** A series is told apart by its colour, its dash and its marker, so that no reader needs all three. */
export type Ink = 'bet' | 'red' | 'blue' | 'orange' | 'purple' | 'brown' | 'grey';

const light: Readonly<Record<Ink, string>> = {
  bet: '#00734f',
  red: '#c0281e',
  blue: '#1d5fa8',
  orange: '#a85400',
  purple: '#7b3aa0',
  brown: '#6b5428',
  grey: '#5c6670',
};
const dark: Readonly<Record<Ink, string>> = {
  bet: '#43d3a0',
  red: '#ff8577',
  blue: '#7cb8ff',
  orange: '#ffb25c',
  purple: '#d4a2f7',
  brown: '#d6bd86',
  grey: '#a7b1bb',
};

/** Plain rules without variables: not every viewer knows those. */
function inks(colours: Readonly<Record<Ink, string>>): string {
  return Object.entries(colours)
    .map(
      ([ink, colour]) =>
        `.line.${ink},.rule.${ink}{stroke:${colour}}.mark.${ink},text.${ink}{fill:${colour}}`,
    )
    .join('\n');
}

function theme(paper: string, words: string, grid: string, colours: Readonly<Record<Ink, string>>): string {
  return `.paper{fill:${paper}}text{fill:${words}}.grid{stroke:${grid}}.mark{stroke:${paper}}\n${inks(colours)}`;
}

const style = [
  'text{font-family:system-ui,-apple-system,"Segoe UI",sans-serif;font-size:13px}',
  '.tick{font-size:12px}.head{font-weight:600;font-size:14px}.ink{font-weight:600}',
  '.line{fill:none;stroke-width:2;stroke-linejoin:round}.rule{stroke-width:1.5;stroke-dasharray:6 4}',
  theme('#ffffff', '#1f2328', '#d8dee4', light),
  `@media (prefers-color-scheme:dark){\n${theme('#0d1117', '#e6edf3', '#30363d', dark)}\n}`,
].join('\n');

export interface Picture {
  readonly title: string;
  /** What a reader who cannot see it is to know. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly shapes: readonly Shape[];
}

/** One file: no font, script or image from elsewhere, and the same bytes from the same figures. */
export function svgOf({ title, description, width, height, shapes }: Picture): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="desc">${escaped(description)}</desc>`,
    `<style>\n${style}\n</style>`,
    element('rect', { class: 'paper', width, height }),
    ...shapes,
    '</svg>\n',
  ].join('\n');
}

export function element(name: string, attributes: Readonly<Record<string, string | number>>): Shape {
  return `<${name}${attributesOf(attributes)}/>`;
}

export function text(
  words: string,
  x: number,
  y: number,
  options: {
    readonly class?: string;
    readonly anchor?: 'start' | 'middle' | 'end';
    readonly turned?: boolean;
  } = {},
): Shape {
  const attributes = {
    x,
    y,
    ...(options.class === undefined ? {} : { class: options.class }),
    ...(options.anchor === undefined ? {} : { 'text-anchor': options.anchor }),
    ...(options.turned === true ? { transform: `rotate(-90 ${fixed(x)} ${fixed(y)})` } : {}),
  };
  return `<text${attributesOf(attributes)}>${escaped(words)}</text>`;
}

export function line(
  points: readonly (readonly [x: number, y: number])[],
  ink: Ink,
  dash: string | null = null,
): Shape {
  const path = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${fixed(x)} ${fixed(y)}`).join('');
  return element('path', {
    class: `line ${ink}`,
    d: path,
    ...(dash === null ? {} : { 'stroke-dasharray': dash }),
  });
}

export type Marker = 'circle' | 'square' | 'diamond' | 'triangle' | 'cross';

export function marker(kind: Marker, x: number, y: number, ink: Ink, size = 6): Shape {
  const at = (dx: number, dy: number): string => `${fixed(x + dx * size)} ${fixed(y + dy * size)}`;
  const outlines: Readonly<Record<Exclude<Marker, 'circle'>, string>> = {
    square: `M${at(-0.9, -0.9)}L${at(0.9, -0.9)}L${at(0.9, 0.9)}L${at(-0.9, 0.9)}Z`,
    diamond: `M${at(0, -1.3)}L${at(1.3, 0)}L${at(0, 1.3)}L${at(-1.3, 0)}Z`,
    triangle: `M${at(0, -1.2)}L${at(1.2, 0.9)}L${at(-1.2, 0.9)}Z`,
    cross: `M${at(-1, -1)}L${at(1, 1)}M${at(-1, 1)}L${at(1, -1)}`,
  };
  if (kind === 'circle') return element('circle', { class: `mark ${ink}`, cx: x, cy: y, r: size });
  return element('path', { class: `${kind === 'cross' ? 'line' : 'mark'} ${ink}`, d: outlines[kind] });
}

/** One digit after the point: the same on every machine, and small. */
export function fixed(value: number): string {
  return String(Number(value.toFixed(1)));
}

function attributesOf(attributes: Readonly<Record<string, string | number>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${typeof value === 'number' ? fixed(value) : escaped(value)}"`)
    .join('');
}

function escaped(words: string): string {
  return words
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
