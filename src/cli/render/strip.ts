import type { RolloutView, StepView } from '../../resource/view.ts';
import { clock, plannedSpan, routing, span } from '../terminal/format.ts';
import { table } from './table.ts';
import type { RenderContext } from './context.ts';

const barCells = 11;

/** The plan in one line: `[10+][25 ##-][50][promote]`. */
export function phaseStrip(rollout: RolloutView, context: RenderContext): string {
  const { style } = context;
  const steps = rollout.steps.map((step) => {
    const name = routing(step.routing).replace(' %', '');
    switch (step.status) {
      case 'done':
        return style.colors.green(`[${name}${style.glyphs.good}]`);
      case 'current':
        return style.colors.cyan(`[${name} ${bar(step, 3, context)}]`);
      case 'next':
      case 'notReached':
        return style.colors.dim(`[${name}]`);
    }
  });
  const promoted = rollout.outcome === 'Promoted';
  const promoting = rollout.state === 'Promoting' || rollout.state === 'Baking';
  const last = promoted
    ? `[promote${style.glyphs.good}]`
    : promoting
      ? `[promote ${style.glyphs.running}]`
      : '[promote]';
  return [
    ...steps,
    promoted ? style.colors.green(last) : promoting ? style.colors.cyan(last) : style.colors.dim(last),
  ].join('');
}

/** The plan as lines of their own, one a step, with the time judged so far and what comes next. */
export function stepLines(rollout: RolloutView, context: RenderContext): readonly string[] {
  const { style, nowMs, timeZone } = context;
  const rows = rollout.steps.map((step): readonly string[] => {
    const gate = step.approval ? 'after approval' : '';
    switch (step.status) {
      case 'done':
        return [
          `  ${style.colors.green(style.glyphs.good)} ${routing(step.routing)}`,
          span(step.heldMs),
          gate,
        ];
      case 'current': {
        const held = `${span(step.heldMs)} of ${plannedSpan(step.holdMs)}`;
        if (rollout.outcome !== null)
          return [`  ${style.colors.red(style.glyphs.bad)} ${routing(step.routing)}`, held, 'ended here'];
        const next = rollout.steps[step.index + 1];
        const then = next === undefined ? 'promotion' : routing(next.routing);
        const when =
          rollout.nextAtMs === null
            ? `then ${then}`
            : `then ${then} at ${clock(rollout.nextAtMs, nowMs, timeZone)}`;
        return [
          `  ${style.colors.cyan(style.glyphs.running)} ${routing(step.routing)}`,
          held,
          `${style.colors.cyan(bar(step, barCells, context))}  ${when}`,
        ];
      }
      case 'next':
      case 'notReached':
        return [
          style.colors.dim(`  ${style.glyphs.coming} ${routing(step.routing)}`),
          style.colors.dim(plannedSpan(step.holdMs)),
          gate,
        ];
    }
  });
  return table(rows);
}

function bar(step: StepView, cells: number, { style }: RenderContext): string {
  const share = step.holdMs === 0 ? 1 : Math.min(1, step.heldMs / step.holdMs);
  const full = Math.floor(share * cells);
  return style.glyphs.barFull.repeat(full) + style.glyphs.barEmpty.repeat(cells - full);
}
