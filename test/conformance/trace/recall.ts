import { isRecord, type Json, type TraceStep } from './trace.ts';

/** Names an object that a step before it brought, exactly so, by that step: a trace is short, and shows at a glance what came back. */
export function withoutRepeats(steps: readonly TraceStep[]): readonly TraceStep[] {
  const shown = new Map<string, string>();
  return steps.map(({ step, outcome }) => {
    const known = 'object' in outcome ? shown.get(JSON.stringify(outcome.object)) : undefined;
    if (known !== undefined) return { step, outcome: { object: `as in "${known}"` } };
    if ('object' in outcome) shown.set(JSON.stringify(outcome.object), step);
    const replaced = 'object' in outcome ? outcome : replacedIn(outcome, shown);
    return { step, outcome: replaced as TraceStep['outcome'] };
  });
}

function replacedIn(value: Json, shown: ReadonlyMap<string, string>): Json {
  if (Array.isArray(value)) return value.map((item: Json) => replacedIn(item, shown));
  if (!isRecord(value)) return value;
  const known = shown.get(JSON.stringify(value));
  if (known !== undefined) return `as in "${known}"`;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replacedIn(item, shown)]));
}

/** Puts the objects in their places again. */
export function recalled(value: Json, steps: readonly TraceStep[]): Json {
  if (Array.isArray(value)) return value.map((item: Json) => recalled(item, steps));
  if (isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, recalled(item, steps)]));
  }
  const [, named] = typeof value === 'string' ? (/^as in "(.*)"$/.exec(value) ?? []) : [];
  const before = steps.find(({ step }) => step === named)?.outcome;
  return before !== undefined && 'object' in before ? before.object : value;
}
