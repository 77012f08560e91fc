import { isRecord, type Json, type JsonRecord, type Outcome, type TraceStep } from './trace.ts';

/**
 * Takes out of the steps of one chapter what differs from run to run, and keeps what it means: a uid and an address become its number in
 * order of appearance, a resourceVersion its place among those of all objects, an instant zeros of the same form. Instants of the
 * year 2001 are the script's own and stay.
 */
export function scrubbed(steps: readonly TraceStep[], suffix: string): readonly TraceStep[] {
  const scrubber = new Scrubber(steps, suffix);
  return steps.map(({ step, outcome }) => ({ step, outcome: scrubber.scrub(outcome) as Outcome }));
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const instant = /\b(?!2001-)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const address = /\b10\.\d+\.\d+\.\d+\b/g;
/** Versions that messages quote. */
const quotedVersion = /(resource ?version[^"]*?[ (:])\d+/gi;

/** A patched object, quoted whole in what is wrong with it. */
const quotedObject = /(?<=Invalid value: ")\{.*\}(?=": )/g;

class Scrubber {
  readonly #suffix: string;
  readonly #versions: readonly number[];
  readonly #names: readonly (readonly [string, string])[];
  readonly #numbered = new Map<string, string>();

  constructor(steps: readonly TraceStep[], suffix: string) {
    const metas = steps.flatMap(({ outcome }) => metasIn(outcome));
    const versions = metas.map(({ resourceVersion }) => Number(resourceVersion ?? 0));
    this.#versions = [...new Set(versions)].filter((version) => version > 0).toSorted((a, b) => a - b);
    this.#suffix = suffix;
    this.#names = metas.flatMap(({ generateName, name }) =>
      typeof generateName === 'string' && typeof name === 'string' ? [[name, `${generateName}?????`]] : [],
    );
  }

  scrub(value: Json): Json {
    if (typeof value === 'string') return this.#text(value);
    if (Array.isArray(value)) return value.map((item: Json) => this.scrub(item));
    if (!isRecord(value)) return value;
    if (isRecord(value['error'])) return { error: this.#error(value['error']) };
    const entries = Object.entries(value).flatMap(([name, item]): readonly (readonly [string, Json])[] => {
      if (name === 'resourceVersion' && typeof item === 'string') return [[name, this.#place(item)]];
      if (name === 'managedFields' && Array.isArray(item)) return [[name, this.#managers(item)]];
      if (name === 'continue' && item !== '') return [[name, '…']];
      return [[this.#text(name), this.scrub(item)]];
    });
    return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Of many causes the order is that of a map of Go: another one each time, also in the message. */
  #error(error: JsonRecord): Json {
    const shown = this.scrub(error);
    const details = isRecord(shown) ? shown['details'] : undefined;
    const causes = isRecord(details) ? details['causes'] : undefined;
    if (!isRecord(shown) || !isRecord(details) || !Array.isArray(causes) || causes.length < 2) return shown;
    const sorted = causes.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    const { message } = shown;
    const cut =
      typeof message === 'string' ? message.replace(/ is invalid: \[.*\]/s, ' is invalid: […]') : '';
    return { ...shown, details: { ...details, causes: sorted }, message: cut };
  }

  #text(text: string): string {
    const named = this.#names.reduce((all, [name, shown]) => all.replaceAll(name, shown), text);
    return named
      .replaceAll(this.#suffix, '')
      .replace(uuid, (found) => this.#number('uid', found))
      .replace(address, (found) => this.#number('address', found))
      .replace(instant, (found) => found.replaceAll(/\d/g, '0'))
      .replace(quotedVersion, '$1…')
      .replace(quotedObject, '{…}');
  }

  #number(what: string, found: string): string {
    const known = this.#numbered.get(found);
    if (known !== undefined) return known;
    const count = [...this.#numbered.values()].filter((shown) => shown.startsWith(`${what} `)).length;
    const shown = `${what} ${count + 1}`;
    this.#numbered.set(found, shown);
    return shown;
  }

  /** Of a list it is that of the newest object before it: a control plane writes other things in between. */
  #place(version: string): string {
    if (!/^\d+$/.test(version)) return version;
    return `#${this.#versions.filter((known) => known <= Number(version)).length}`;
  }

  /** By manager: in which order they stand rests on whole seconds. */
  #managers(managed: readonly Json[]): Json {
    const shown = managed.filter(isRecord).map((entry) => {
      const { operation, manager, subresource, apiVersion, fieldsV1 } = entry;
      const who = [operation, manager, subresource, apiVersion].filter((part) => typeof part === 'string');
      return [this.#text(who.join(' ')), owned(fieldsV1 ?? null).map((line) => this.#text(line))] as const;
    });
    return Object.fromEntries(shown.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** The nested names of `fieldsV1`, one line for what stands together: `spec.containers[name=app]: . image name`. */
function owned(fields: Json, path = ''): readonly string[] {
  if (!isRecord(fields)) return [];
  const names = Object.keys(fields).toSorted();
  const isLeaf = (name: string): boolean => Object.keys(fields[name] ?? {}).length === 0;
  const here = names.filter(isLeaf).map(shortOf);
  const below = names.filter((name) => !isLeaf(name));
  return [
    ...(here.length === 0 ? [] : [`${path}: ${here.join(' ')}`]),
    ...below.flatMap((name) => {
      const short = shortOf(name);
      return owned(
        fields[name] ?? null,
        path === '' || short.startsWith('[') ? `${path}${short}` : `${path}.${short}`,
      );
    }),
  ];
}

/** `f:spec` is `spec`, `k:{"name":"app"}` is `[name=app]`, `v:"x"` is `["x"]`. */
function shortOf(name: string): string {
  if (name.startsWith('f:')) return name.slice(2);
  if (!name.startsWith('k:')) return name === '.' ? name : `[${name.slice(2)}]`;
  return `[${name.slice(3, -1).replaceAll('"', '').replaceAll(':', '=')}]`;
}

/** Metadata of all objects, not that of lists. */
function metasIn(value: Json): readonly JsonRecord[] {
  if (Array.isArray(value)) return value.flatMap(metasIn);
  if (!isRecord(value)) return [];
  const { metadata } = value;
  const mine = isRecord(metadata) && typeof metadata['uid'] === 'string' ? [metadata] : [];
  return [...mine, ...Object.values(value).flatMap(metasIn)];
}
