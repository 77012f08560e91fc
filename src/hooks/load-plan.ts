import { parseDuration } from '../lib/duration.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { splitWords } from './words.ts';

/** A bounded load: whichever of `durationMs` and `requests` ends first. */
export interface LoadPlan {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** null: until `durationMs`. */
  readonly requests: number | null;
  /** null: until `requests`. */
  readonly durationMs: number | null;
  /** Workers, each with one connection and one request at a time. */
  readonly concurrency: number;
  /** Requests a second of each worker; null: as fast as it goes. */
  readonly ratePerWorker: number | null;
  readonly timeoutMs: number;
  readonly keepAlive: boolean;
}

export const loadLimits = { concurrency: 1_000, durationMs: 3_600_000, requests: 100_000_000 } as const;

type Taker = (plan: Draft, value: string) => string | null;
type Draft = { -readonly [Key in keyof LoadPlan]: LoadPlan[Key] } & { headers: Record<string, string> };

const positiveInteger = (name: string, value: string, most: number): Result<number, string> =>
  /^\d+$/.test(value) && Number(value) > 0 && Number(value) <= most
    ? ok(Number(value))
    : failure(`${name} takes a whole number from 1 to ${most}, not "${value}"`);

const options: Readonly<Record<string, Taker>> = {
  '-n': (plan, value) => {
    const count = positiveInteger('-n', value, loadLimits.requests);
    if (count.ok) plan.requests = count.value;
    return count.ok ? null : count.error;
  },
  '-c': (plan, value) => {
    const count = positiveInteger('-c', value, loadLimits.concurrency);
    if (count.ok) plan.concurrency = count.value;
    return count.ok ? null : count.error;
  },
  '-q': (plan, value) => {
    const rate = Number(value);
    if (!(rate > 0)) return `-q takes requests a second of each worker, not "${value}"`;
    plan.ratePerWorker = rate;
    return null;
  },
  '-z': (plan, value) => {
    const duration = parseDuration(value);
    if (!duration.ok) return duration.error;
    if (duration.value > loadLimits.durationMs) return '-z is at most 1h';
    plan.durationMs = duration.value;
    return null;
  },
  '-t': (plan, value) => {
    const seconds = positiveInteger('-t', value, 3_600);
    if (seconds.ok) plan.timeoutMs = seconds.value * 1_000;
    return seconds.ok ? null : seconds.error;
  },
  '-m': (plan, value) => {
    plan.method = value.toUpperCase();
    return /^[A-Z]+$/.test(plan.method) ? null : `-m takes a method, not "${value}"`;
  },
  '-H': (plan, value) => {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*([^\r\n]*)$/.exec(value);
    if (match === null) return `-H takes "Name: value", not "${value}"`;
    plan.headers[(match[1] ?? '').toLowerCase()] = match[2] ?? '';
    return null;
  },
  '-A': (plan, value) => options['-H']?.(plan, `accept: ${value}`) ?? null,
  '-T': (plan, value) => options['-H']?.(plan, `content-type: ${value}`) ?? null,
  '-host': (plan, value) => options['-H']?.(plan, `host: ${value}`) ?? null,
  '-a': (plan, value) =>
    options['-H']?.(plan, `authorization: Basic ${Buffer.from(value).toString('base64')}`) ?? null,
  '-d': (plan, value) => {
    plan.body = value;
    return null;
  },
  '-o': () => null,
  '-cpus': () => null,
};

const flags: Readonly<Record<string, (plan: Draft) => void>> = {
  '-disable-keepalive': (plan) => {
    plan.keepAlive = false;
  },
  '-disable-compression': () => {},
  '-disable-redirects': () => {},
};

/** Reads the arguments of a `hey` command line (without the program's name). Defaults are hey's: 200 requests, 50 workers, 20 s. */
export function parseHeyArguments(words: readonly string[]): Result<LoadPlan, string> {
  const plan: Draft = {
    url: '',
    method: 'GET',
    headers: {},
    body: null,
    requests: null,
    durationMs: null,
    concurrency: 50,
    ratePerWorker: null,
    timeoutMs: 20_000,
    keepAlive: true,
  };
  for (let at = 0; at < words.length; at += 1) {
    const word = (words[at] ?? '').replace(/^--/, '-');
    if (!word.startsWith('-')) {
      if (plan.url !== '') return failure(`one URL only: "${plan.url}" and "${word}"`);
      plan.url = word;
      continue;
    }
    const [name = '', inline] = word.split(/=(.*)/s);
    const flag = flags[name];
    const option = options[name];
    if (flag !== undefined) flag(plan);
    else if (option === undefined) return failure(`"${name}" is not an option that the generator knows`);
    else {
      const value = inline ?? words[(at += 1)];
      if (value === undefined) return failure(`${name} needs a value`);
      const wrong = option(plan, value);
      if (wrong !== null) return failure(wrong);
    }
  }
  if (!/^https?:\/\/[^\s/]+/.test(plan.url)) return failure(`"${plan.url}" is not an http or https URL`);
  if (plan.requests === null && plan.durationMs === null) plan.requests = 200;
  return ok(plan);
}

/** Reads a whole command line whose program is `hey`, as Flagger's load tester gets it. */
export function parseLoadCommand(command: string): Result<LoadPlan, string> {
  const words = splitWords(command);
  if (!words.ok) return words;
  const [program = '', ...rest] = words.value;
  if (program.split('/').at(-1) !== 'hey') {
    return failure(
      `"${program}" is not run: the load tester understands hey command lines and runs them itself, without a shell`,
    );
  }
  return parseHeyArguments(rest);
}
