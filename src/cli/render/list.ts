import type { ServiceView } from '../../resource/view.ts';
import { clock, routing, span } from '../terminal/format.ts';
import type { RenderContext } from './context.ts';
import { needsPerson, stateGlyph } from './state.ts';
import { phaseStrip } from './strip.ts';
import { table } from './table.ts';

/** One row a service: who needs a person first, then what runs, then the rest, each by name. */
export function listTable(
  services: readonly ServiceView[],
  context: RenderContext,
  wide: boolean,
): readonly string[] {
  const head = wide
    ? ['SERVICE', 'STATE', 'VERSION', 'TRAFFIC', 'PLAN', 'SINCE', 'ADDRESS', 'WHY']
    : ['SERVICE', 'STATE', 'VERSION', 'TRAFFIC', 'SINCE', 'WHY'];
  const rows = inOrderOfNeed(services).map((service) => row(service, context, wide));
  return table([head.map((title) => context.style.colors.dim(title)), ...rows]);
}

export function inOrderOfNeed(services: readonly ServiceView[]): readonly ServiceView[] {
  return services.toSorted((a, b) => need(a) - need(b) || (a.key < b.key ? -1 : 1));
}

function need({ rollout }: ServiceView): number {
  if (rollout === null) return 3;
  if (needsPerson(rollout)) return 0;
  return rollout.outcome === null ? 1 : 2;
}

function row(service: ServiceView, context: RenderContext, wide: boolean): readonly string[] {
  const { rollout } = service;
  const { style, nowMs, timeZone } = context;
  const state =
    rollout === null
      ? 'Idle'
      : `${stateGlyph(rollout.state, style)} ${service.disabled ? 'Disabled' : rollout.state}`;
  const running = rollout !== null && rollout.outcome === null;
  const version =
    running && rollout.from !== null
      ? `${rollout.from.label} ${style.glyphs.arrow} ${rollout.revision.label}`
      : (service.promoted ?? service.wanted).label;
  const traffic = running ? `canary ${routing(rollout.traffic.set)}` : '';
  const since =
    rollout === null ? '' : running ? span(nowMs - rollout.sinceMs) : clock(rollout.sinceMs, nowMs, timeZone);
  const why = service.problem ?? (rollout === null ? '' : rollout.message);
  const plan = rollout === null ? '' : phaseStrip(rollout, context);
  return wide
    ? [service.key, state, version, traffic, plan, since, service.address, why]
    : [service.key, state, version, traffic, since, why];
}
