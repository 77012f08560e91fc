import { recalled } from './recall.ts';
import { isRecord, type Json, type Trace } from './trace.ts';

/** One place in which two traces differ; `path` is '' for the outcome as a whole. */
export interface Difference {
  /** `<chapter>: <step>`. */
  readonly step: string;
  readonly path: string;
  /** Undefined: not there. */
  readonly real: Json | undefined;
  readonly fake: Json | undefined;
}

export interface KnownDifference {
  /** Of the step, as `Difference` names it; `*` at its end stands for anything. */
  readonly step: string;
  /** The same of the path. */
  readonly path: string;
  readonly why: string;
}

/** What the fake made of the script that a real control plane made otherwise, in order of the script. */
export function differencesOf(real: Trace, fake: Trace): readonly Difference[] {
  const theirs = stepsOf(real);
  const ours = stepsOf(fake);
  const names = [...new Set([...theirs.keys(), ...ours.keys()])];
  return names.flatMap((step) =>
    between(theirs.get(step), ours.get(step), '').map((found) => ({ step, ...found })),
  );
}

/** The differences that nobody knows of, as text; and the known ones that are none. Empty: all is as it should be. */
export function surprises(
  differences: readonly Difference[],
  known: readonly KnownDifference[],
): readonly string[] {
  const covers = (one: KnownDifference, difference: Difference): boolean =>
    matches(one.step, difference.step) && matches(one.path, difference.path);
  const fresh = differences.filter((difference) => !known.some((one) => covers(one, difference)));
  const stale = known.filter((one) => !differences.some((difference) => covers(one, difference)));
  return [
    ...grouped(fresh),
    ...stale.map(({ step, path }) => `known difference that is none any longer: ${step} at ${path}`),
  ];
}

function grouped(differences: readonly Difference[]): readonly string[] {
  return [...Map.groupBy(differences, ({ step }) => step)].map(([step, found]) =>
    [
      step,
      ...found.map(
        ({ path, real, fake }) =>
          `  ${path === '' ? 'outcome' : path}\n    real: ${shown(real)}\n    fake: ${shown(fake)}`,
      ),
    ].join('\n'),
  );
}

function shown(value: Json | undefined): string {
  return value === undefined ? '(not there)' : JSON.stringify(value);
}

function matches(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : pattern === text;
}

/** Outcomes by `<chapter>: <step>`, with every object in its place that only the step of was named. */
function stepsOf({ chapters }: Trace): ReadonlyMap<string, Json> {
  return new Map(
    chapters.flatMap(({ chapter, steps }) =>
      steps.map(({ step, outcome }) => [`${chapter}: ${step}`, recalled(outcome, steps)] as const),
    ),
  );
}

type Place = Omit<Difference, 'step'>;

function between(real: Json | undefined, fake: Json | undefined, path: string): readonly Place[] {
  if (isRecord(real) && isRecord(fake)) {
    const names = [...new Set([...Object.keys(real), ...Object.keys(fake)])];
    return names.flatMap((name) => between(real[name], fake[name], path === '' ? name : `${path}.${name}`));
  }
  if (Array.isArray(real) && Array.isArray(fake)) return betweenLists(real, fake, path);
  return real === fake ? [] : [{ path, real, fake }];
}

/** Item by item where they are as many and of the same names; else by what tells them apart, of plain values only those. */
function betweenLists(real: readonly Json[], fake: readonly Json[], path: string): readonly Place[] {
  const [theirs, ours] = [real.map(titleOf), fake.map(titleOf)];
  if (JSON.stringify(theirs) !== JSON.stringify(ours)) {
    if ([...real, ...fake].some(isRecord)) return [{ path, real: theirs, fake: ours }];
    const [more, less] = [without(theirs, ours), without(ours, theirs)];
    return [more.length + less.length > 0 ? { path, real: more, fake: less } : { path, real, fake }];
  }
  return real.flatMap((item, index) =>
    between(item, fake[index], `${path}[${typeof theirs[index] === 'string' ? theirs[index] : index}]`),
  );
}

function without(items: readonly Json[], others: readonly Json[]): readonly Json[] {
  return items.filter((item) => !others.includes(item));
}

/** `MODIFIED web` of an event, the name of an object, text itself. */
function titleOf(item: Json): Json {
  if (!isRecord(item)) return item;
  const named = isRecord(item['object']) ? item['object'] : item;
  const { metadata } = named;
  const name = isRecord(metadata) ? metadata['name'] : (named['name'] ?? named['field']);
  return [item['type'], name].filter((part) => typeof part === 'string').join(' ');
}
