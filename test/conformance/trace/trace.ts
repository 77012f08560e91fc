/** Plain JSON, read without types of its own. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export type JsonRecord = { readonly [name: string]: Json };

export function isRecord(value: Json | undefined): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What one operation came to: an object, a page of a list, an error, the events of a watch, or nothing. */
export type Outcome =
  | { readonly object: Json }
  | { readonly list: Json }
  | { readonly error: Json }
  | { readonly events: readonly Json[] }
  | { readonly done: true };

export interface TraceStep {
  /** What was done, in words; unique within its chapter. */
  readonly step: string;
  readonly outcome: Outcome;
}

export interface TraceChapter {
  readonly chapter: string;
  readonly steps: readonly TraceStep[];
}

/** What one control plane made of the script. */
export interface Trace {
  /** `v1.37`. */
  readonly kubernetes: string;
  readonly chapters: readonly TraceChapter[];
}

/** As it is kept in a file: one line a step, so that a change of it can be read. */
export function textOfTrace({ kubernetes, chapters }: Trace): string {
  const told = chapters.map(({ chapter, steps }) => {
    const lines = steps.map((step) => `    ${JSON.stringify(step)}`);
    return `  {"chapter": ${JSON.stringify(chapter)}, "steps": [\n${lines.join(',\n')}\n  ]}`;
  });
  return `{"kubernetes": ${JSON.stringify(kubernetes)}, "chapters": [\n${told.join(',\n')}\n]}\n`;
}
