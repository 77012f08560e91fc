import type { KayentaSettings } from '../judge.ts';
import type { Classified } from './classify.ts';

export interface Scored {
  readonly name: string;
  readonly group: string;
  readonly result: Classified;
}

export interface Score {
  /** 0 to 100, two decimals. */
  readonly score: number;
  readonly verdict: 'Pass' | 'Marginal' | 'Fail';
}

/** The score of all metrics, by groups; a critical failure or too little data makes it 0. */
export function scoreOf(metrics: readonly Scored[], settings: KayentaSettings): Score {
  const score = Math.round(rawScore(metrics, settings.groupWeights ?? {}) * 100) / 100;
  const { pass = 95, marginal = 75 } = settings;
  return { score, verdict: score >= pass ? 'Pass' : score >= marginal ? 'Marginal' : 'Fail' };
}

function rawScore(metrics: readonly Scored[], weights: Readonly<Record<string, number>>): number {
  if (metrics.some(({ result }) => result.critical)) return 0;
  const missing = metrics.filter(({ result }) => result.classification === 'Nodata').length;
  if (metrics.length === 0 || missing / metrics.length >= 0.5) return 0;
  const groups = Map.groupBy(metrics, ({ group }) => group);
  const named = [...groups.keys()].filter((group) => weights[group] !== undefined);
  const given = named.reduce((sum, group) => sum + (weights[group] ?? 0), 0);
  const shared = (100 - given) / Math.max(1, groups.size - named.length);
  let total = 0;
  for (const [group, members] of groups) total += (groupScore(members) * (weights[group] ?? shared)) / 100;
  return total;
}

function groupScore(members: readonly Scored[]): number {
  const judged = members.filter(({ result }) => !['Nodata', 'Error'].includes(result.classification));
  const passed = judged.filter(({ result }) => result.classification === 'Pass');
  return judged.length === 0 ? 100 : (100 * passed.length) / judged.length;
}
