import type { EventView, RolloutView } from '../../resource/view.ts';
import { clock, span } from '../terminal/format.ts';
import type { RenderContext } from './context.ts';
import { fourTimes } from './frame.ts';
import { stateGlyph } from './state.ts';
import { table } from './table.ts';

/** Past and running rollouts of a service, newest first, each with its end and, if it went back, its four times. */
export function historyTable(rollouts: readonly RolloutView[], context: RenderContext): readonly string[] {
  const { style, nowMs, timeZone } = context;
  const rows = rollouts.map((rollout) => [
    `${stateGlyph(rollout.state, style)} ${rollout.state}`,
    rollout.name,
    rollout.revision.label,
    clock(rollout.startedAtMs, nowMs, timeZone),
    span((rollout.endedAtMs ?? nowMs) - rollout.startedAtMs),
    rollout.weightsInForce.map((weight) => `${Number(weight.toFixed(2))}`).join(` ${style.glyphs.arrow} `),
    rollout.restoredAtMs === null ? rollout.message : `${rollout.message}; ${fourTimes(rollout, context)}`,
  ]);
  const head = ['STATE', 'ROLLOUT', 'VERSION', 'STARTED', 'TOOK', 'WEIGHTS', 'WHY'].map((title) =>
    style.colors.dim(title),
  );
  return table([head, ...rows]);
}

/** One event: `14:03:20  verdict  controller  checkout-abc-1  …`. */
export function eventLine(event: EventView, context: RenderContext): string {
  const time = clock(event.atMs, context.nowMs, context.timeZone);
  const actor = event.actor.kind === 'controller' ? 'controller' : event.actor.name;
  return `${context.style.colors.dim(time)}  ${event.kind}  ${actor}  ${event.rollout ?? event.service}  ${event.message}`;
}
