import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError, toSluiceError } from '../../lib/error.ts';
import type { RolloutView, ServiceView } from '../../resource/view.ts';
import { emptyLiveState, nextLiveState } from '../live/live-state.ts';
import { fourTimes } from '../render/frame.ts';
import { phaseStrip } from '../render/strip.ts';
import type { Session } from '../session.ts';
import { shortSpan } from '../terminal/format.ts';
import { DemoScreen, tallyLines } from './demo-screen.ts';
import { openStage, type Stage } from './stage.ts';
import { type DemoSummary, summaryOf } from './summary.ts';
import { Tally } from './tally.ts';

export interface DemoOptions {
  readonly session: Session;
  /** One JSON object a line, ends by itself. */
  readonly json: boolean;
  /** How much faster than the real plan. */
  readonly speed?: number;
}

/** 12,000 requests a minute. */
const requestsPerSecond = 200;
/** Longest that one chapter may take before the demo gives up on it. */
const chapterLimitMs = 180_000;

/** Shows a good release promoted and a bad one taken back, on real traffic. Returns the exit code. */
export async function runDemo({ session, json, speed = 60 }: DemoOptions): Promise<number> {
  if (!(speed >= 1)) throw new SluiceError({ code: 'usage', message: '--speed is a number from 1 on' });
  const screen = new DemoScreen(session, json);
  const end = new AbortController();
  const cancel = session.host.onInterrupt(() => end.abort());
  const startedAtMs = session.host.nowMs();
  screen.tell(
    'start',
    `Sluice: a shop, ${requestsPerSecond} requests a second, and two releases. The plan is 10 % for 5 m, 25 % for 10 m,\n50 % for 15 m and a bake of 5 m; here time runs ${speed} times faster.\n`,
    { speed, requestsPerSecond },
  );
  let play: Play | null = null;
  let stage: Stage | null = null;
  try {
    stage = await openStage(session, speed);
    play = new Play(session, screen, stage, startedAtMs, end.signal);
    const summary = await play.run();
    if (json) session.out.lines([JSON.stringify(summary)]);
    else await invite(session, screen, stage, play, end.signal);
    return 0;
  } catch (thrown) {
    if (!end.signal.aborted) throw thrown;
    return json ? 130 : 0;
  } finally {
    end.abort();
    cancel();
    screen.rest();
    await play?.ended();
    if (!json) session.progress.line('Draining and stopping everything; nothing is left behind.');
    await stage?.close();
  }
}

/** The demo's story: v1 serves, v2 is promoted, v3 is taken back. */
class Play {
  readonly tally = new Tally();
  readonly #session: Session;
  readonly #screen: DemoScreen;
  readonly #stage: Stage;
  readonly #startedAtMs: number;
  readonly #signal: AbortSignal;
  readonly #rollouts: RolloutView[] = [];
  readonly #background: Promise<void>[] = [];
  #service: ServiceView | null = null;
  #chapter = 'v1 serves';
  #broken: SluiceError | null = null;

  constructor(session: Session, screen: DemoScreen, stage: Stage, startedAtMs: number, signal: AbortSignal) {
    this.#session = session;
    this.#screen = screen;
    this.#stage = stage;
    this.#startedAtMs = startedAtMs;
    this.#signal = signal;
  }

  async run(): Promise<DemoSummary> {
    this.#background.push(this.#watch());
    await this.#until('v1 to serve', () => (this.#service?.rollout?.outcome === 'Promoted' ? true : null));
    this.#background.push(this.#load());
    await this.#until('the first answer', () => this.tally.firstAtMs);
    this.#screen.tell('serving', `v1 serves at ${this.#stage.url}`, {
      url: this.#stage.url,
      version: 'v1',
      firstByteMs: (this.tally.firstAtMs ?? 0) - this.#startedAtMs,
    });
    await sleep(1_500, undefined, { signal: this.#signal });
    await this.#release('v2', 'v2 is good: it goes 10, 25, 50, 100 %');
    await sleep(2_000, undefined, { signal: this.#signal });
    await this.#release('v3', 'v3 fails for some requests: it goes back');
    return summaryOf(this.#rollouts, this.tally);
  }

  /** Resolves once load and watching have ended, which the signal makes them do. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#background);
  }

  get rollouts(): readonly RolloutView[] {
    return this.#rollouts;
  }

  async #release(version: string, chapter: string): Promise<void> {
    this.#chapter = chapter;
    const { client, key } = this.#stage;
    const { revision } = await client.deploy(key, { set: { env: { VERSION: version } } });
    this.#screen.tell('deploy', `\n$ sluice deploy shop --set env.VERSION=${version}`, { version, revision });
    const first = this.#until(`the first request on ${version}`, () => this.tally.firstOf(version)).then(
      (atMs) =>
        this.#screen.tell('firstRequest', `${version} answers its first request`, {
          version,
          afterMs: atMs - this.#startedAtMs,
        }),
    );
    const rollout = await this.#until(`the end of ${version}`, () => {
      const current = this.#service?.rollout;
      return current?.revision.revision === revision && current.outcome !== null ? current : null;
    });
    await first;
    this.#rollouts.push(rollout);
    this.#screen.rest();
    this.#screen.tell('rollout', endLine(rollout, this.#session), { rollout });
  }

  async #watch(): Promise<void> {
    let live = emptyLiveState;
    try {
      for await (const update of this.#stage.client.live({
        service: this.#stage.key,
        signal: this.#signal,
      })) {
        live = nextLiveState(live, update, this.#session.host.nowMs());
        this.#service = live.services.get(this.#stage.key) ?? this.#service;
        if (this.#service !== null && this.tally.requests > 0)
          this.#screen.show(this.#service, this.tally, this.#chapter);
      }
    } catch (thrown) {
      this.#broken = toSluiceError(thrown, 'unreachable');
    }
  }

  async #load(): Promise<void> {
    await this.#session.host.local.steadyLoad({
      url: this.#stage.url,
      perSecond: requestsPerSecond,
      nextPath: nextRequest(),
      onResponse: (response) => this.tally.add(response, this.#session.host.nowMs()),
      signal: this.#signal,
    });
  }

  async #until<Value>(what: string, look: () => Value | null): Promise<Value> {
    const deadlineMs = performance.now() + chapterLimitMs;
    for (;;) {
      const value = look();
      if (value !== null) return value;
      if (this.#broken !== null) throw this.#broken;
      if (performance.now() > deadlineMs) {
        throw new SluiceError({
          code: 'timeout',
          message: `the demo waited for ${what} for ${chapterLimitMs / 1_000} s`,
        });
      }
      await sleep(20, undefined, { signal: this.#signal });
    }
  }
}

/** Carts in turn; one in twelve has the coupon that v3 forgot. */
function nextRequest(): () => string {
  const items = ['tea', 'coffee', 'cocoa'];
  let index = 0;
  return () => {
    index += 1;
    const coupon = index % 12 === 0 ? '&coupon=WINTER' : index % 7 === 0 ? '&coupon=WELCOME' : '';
    return `/price?item=${items[index % items.length]}${coupon}`;
  };
}

/** On a terminal the frame above says the rest. */
function endLine(rollout: RolloutView, session: Session): string {
  const context = { style: session.progressStyle, nowMs: session.host.nowMs() };
  const took =
    rollout.endedAtMs === null ? '' : ` after ${shortSpan(rollout.endedAtMs - rollout.startedAtMs)}`;
  const line = `${rollout.revision.label}: ${rollout.outcome}${took}   ${phaseStrip(rollout, context)}`;
  if (session.progress.animated) return line;
  const times = rollout.restoredAtMs === null ? [] : [`  ${fourTimes(rollout, context)}`];
  return [line, `  ${rollout.message}`, ...times].join('\n');
}

async function invite(
  session: Session,
  screen: DemoScreen,
  stage: Stage,
  play: Play,
  signal: AbortSignal,
): Promise<void> {
  const sluice = session.host.env['npm_lifecycle_event'] === undefined ? 'sluice' : 'npm run -s sluice --';
  const commands = [
    'why shop',
    'history shop',
    'deploy shop --set env.VERSION=v2',
    'watch shop',
    'rollback shop',
  ];
  screen.finish();
  for (const line of [
    ...(session.progress.animated ? [] : ['', ...tallyLines(play.tally)]),
    '',
    `The shop stays up at ${stage.url}, under load. Try, in another terminal:`,
    `  export SLUICE_STATE=${stage.state}`,
    ...commands.map((command) => `  ${sluice} ${command}`),
    'Ctrl-C ends it.',
  ])
    session.progress.line(line);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
