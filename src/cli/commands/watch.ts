import { type ServiceView, viewSchema } from '../../resource/view.ts';
import type { CommandFunction } from '../command-options.ts';
import { flagOption } from '../command-options.ts';
import { FrameWriter } from '../live/frame-writer.ts';
import { emptyLiveState, type LiveState, nextLiveState } from '../live/live-state.ts';
import { changeLine } from '../render/change-line.ts';
import { serviceFrame } from '../render/frame.ts';
import { inOrderOfNeed } from '../render/list.ts';
import { resolveService } from '../resolve-service.ts';
import type { Session } from '../session.ts';

/** Follows one service to the end of the rollout that it sees running, or all services until Ctrl-C. */
export const run: CommandFunction = async (session, args, options) => {
  const named = args[0];
  const only = named === undefined ? null : (await resolveService(session, named)).key;
  const follow = only === null || flagOption(options, 'follow');
  const hint =
    only === null ? 'The rollouts go on.' : `The rollout goes on; "sluice rollback ${only}" takes it back.`;
  return await session.interruptible(hint, (signal) => watch(session, only, follow, signal));
};

async function watch(
  session: Session,
  only: string | null,
  follow: boolean,
  signal: AbortSignal,
): Promise<number> {
  let live: LiveState = emptyLiveState;
  let ran: string | null = null;
  const screen = new Screen(session);
  const tick = setInterval(() => screen.show(live), 500);
  try {
    for await (const update of session.client.live({ signal, ...(only === null ? {} : { service: only }) })) {
      live = nextLiveState(live, update, session.host.nowMs());
      if (session.out.format === 'jsonl' && update.type !== 'ping' && update.type !== 'reconnecting') {
        session.out.lines([
          JSON.stringify({ schema: viewSchema, kind: 'Watch', type: update.type, data: update.data }),
        ]);
      }
      screen.show(live);
      const rollout = only === null ? null : (live.services.get(only)?.rollout ?? null);
      if (rollout !== null && rollout.outcome === null) ran = rollout.name;
      if (!follow && rollout !== null && rollout.outcome !== null && rollout.name === ran) return 0;
    }
    return 0;
  } finally {
    clearInterval(tick);
    screen.close();
  }
}

/** One frame of all services on a terminal; elsewhere each service's line when it changes. */
class Screen {
  readonly #session: Session;
  readonly #frame: FrameWriter;
  readonly #lines = new Map<string, string>();

  constructor(session: Session) {
    this.#session = session;
    this.#frame = new FrameWriter(session.progress);
  }

  show(live: LiveState): void {
    if (!live.complete) return;
    const services = inOrderOfNeed([...live.services.values()]);
    if (!this.#session.progress.animated) {
      for (const service of services) this.#log(service);
      if (live.broken !== null) this.#session.progress.change(`reconnecting: ${live.broken.message}`);
      return;
    }
    const nowMs = this.#session.host.nowMs() + live.clockOffsetMs;
    const context = { style: this.#session.progressStyle, nowMs };
    const frame = services.flatMap((service) => [...serviceFrame(service, context), '']);
    if (services.length === 0) frame.push('No service yet.');
    if (live.broken !== null) frame.push(context.style.colors.yellow(`Reconnecting: ${live.broken.message}`));
    this.#frame.show(frame, '');
  }

  close(): void {
    this.#frame.close();
  }

  #log(service: ServiceView): void {
    const line = changeLine(service);
    if (this.#lines.get(service.key) === line) this.#session.progress.heartbeat(line);
    else this.#session.progress.change(line);
    this.#lines.set(service.key, line);
  }
}
