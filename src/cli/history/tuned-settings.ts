import type { Tuning } from '../../analysis/history/tune.ts';
import type { JudgePlan } from '../../analysis/judge.ts';
import type { TunedSettings } from '../../resource/tuned-manifest.ts';

/** No manifest may ask for more evidence than this. */
export const highestLevel = 1_000_000;
/** A level that is nearer than this to the one in force is the same. */
const sameLevel = 0.05;

/** What of a tuning is to be written: only what was found, and differs from what the manifest has. */
export function tunedSettings({ limits, margin, level }: Tuning, plan: JudgePlan): TunedSettings {
  const changed = limits.flatMap(({ check, kind, limit, current }) =>
    kind === 'found' && limit !== null && limit !== current ? [[check, limit] as const] : [],
  );
  const wanted = level.kind === 'level' ? levelOf(level.logLevel) : null;
  const inForce = Math.max(plan.bet?.level ?? 0, 1 / (plan.bet?.falseRollback ?? 0.01));
  const differs = wanted !== null && Math.abs(Math.log(wanted / inForce)) > sameLevel;
  return {
    limits: Object.fromEntries(changed),
    ...(margin.kind === 'found' && margin.margin !== null && margin.margin !== margin.current
      ? { margin: margin.margin }
      : null),
    ...(differs && wanted <= highestLevel ? { level: wanted } : null),
  };
}

/** Rounded up to three digits, so that it is never too low. */
export function levelOf(logLevel: number): number {
  const level = Math.exp(logLevel);
  const unit = 10 ** (Math.floor(Math.log10(level) + 1e-9) - 2);
  return Number((Math.ceil(level / unit - 1e-9) * unit).toPrecision(6));
}
