import { createColors } from 'picocolors';

export interface Glyphs {
  readonly running: string;
  readonly good: string;
  readonly bad: string;
  readonly back: string;
  readonly waiting: string;
  readonly ended: string;
  readonly coming: string;
  readonly arrow: string;
  readonly barFull: string;
  readonly barEmpty: string;
  readonly dash: string;
}

const unicodeGlyphs: Glyphs = {
  running: '◐',
  good: '✔',
  bad: '✖',
  back: '↩',
  waiting: '⏸',
  ended: '■',
  coming: '·',
  arrow: '→',
  barFull: '█',
  barEmpty: '░',
  dash: '–',
};

const asciiGlyphs: Glyphs = {
  running: '*',
  good: '+',
  bad: 'x',
  back: '<',
  waiting: '=',
  ended: '#',
  coming: '.',
  arrow: '->',
  barFull: '#',
  barEmpty: '-',
  dash: '-',
};

export type Colors = ReturnType<typeof createColors>;

/** How a renderer may write: with or without colours, with or without characters beyond ASCII. */
export interface Style {
  readonly colors: Colors;
  readonly glyphs: Glyphs;
}

export interface StyleFacts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTty: boolean;
  /** `--no-color` */
  readonly noColorFlag: boolean;
}

export function styleFor(facts: StyleFacts): Style {
  return {
    colors: createColors(colorWanted(facts)),
    glyphs: unicodeWanted(facts.env) ? unicodeGlyphs : asciiGlyphs,
  };
}

/** The flag wins, then NO_COLOR (https://no-color.org: non-empty), then FORCE_COLOR, then whether it is a terminal. */
export function colorWanted({ env, isTty, noColorFlag }: StyleFacts): boolean {
  if (noColorFlag || isSet(env['NO_COLOR'])) return false;
  const forced = env['FORCE_COLOR'];
  if (isSet(forced)) return forced !== '0' && forced !== 'false';
  return isTty && env['TERM'] !== 'dumb';
}

/** The first of LC_ALL, LC_CTYPE, LANG that is set names the character set, as POSIX has it. None set: assume UTF-8. */
export function unicodeWanted(env: StyleFacts['env']): boolean {
  if (env['TERM'] === 'dumb' || env['TERM'] === 'linux') return false;
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(isSet);
  return locale === undefined || /utf-?8/i.test(locale);
}

/** May the cursor be moved on this stream? Not where a log is written or nobody watches. */
export function animationWanted(
  env: StyleFacts['env'],
  stream: { readonly isTTY?: boolean; readonly rows?: number },
): boolean {
  // A terminal without a size (a container's, before it is attached) cannot be drawn on.
  return stream.isTTY === true && stream.rows !== 0 && !isSet(env['CI']) && env['TERM'] !== 'dumb';
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
