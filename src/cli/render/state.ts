import type { RolloutView, ServiceView } from '../../resource/view.ts';
import type { StateName } from '../../rollout/state.ts';
import type { Style } from '../terminal/style.ts';

type Look = 'running' | 'good' | 'bad' | 'back' | 'waiting' | 'ended';

const looks: Readonly<Record<StateName, Look>> = {
  Pending: 'waiting',
  Starting: 'running',
  Stepping: 'running',
  Holding: 'running',
  AwaitingApproval: 'waiting',
  Paused: 'waiting',
  Promoting: 'running',
  Baking: 'running',
  Draining: 'running',
  RollingBack: 'back',
  Promoted: 'good',
  RolledBack: 'back',
  Aborted: 'ended',
  Failed: 'bad',
  Superseded: 'ended',
};

/** The state as a coloured glyph. Never alone: the word stands beside it, so colour and shape are only help. */
export function stateGlyph(state: StateName, { colors, glyphs }: Style): string {
  const look = looks[state];
  const paint = {
    running: colors.cyan,
    good: colors.green,
    bad: colors.red,
    back: colors.red,
    waiting: colors.yellow,
    ended: colors.dim,
  }[look];
  return paint(glyphs[look]);
}

/** States in which a person is waited for. */
export function needsPerson(rollout: RolloutView): boolean {
  return rollout.outcome === null && rollout.owner === 'person';
}

/** `checkout 2.8.1 → 2.9.0`, or `checkout 2.9.0` where nothing ran before. */
export function serviceTitle(service: ServiceView, style: Style): string {
  const { rollout } = service;
  const name = style.colors.bold(service.name);
  if (rollout === null) return `${name} ${service.promoted?.label ?? service.wanted.label}`;
  if (rollout.from === null || rollout.from.revision === rollout.revision.revision)
    return `${name} ${rollout.revision.label}`;
  return `${name} ${rollout.from.label} ${style.glyphs.arrow} ${rollout.revision.label}`;
}
