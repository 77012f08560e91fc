import { argo } from './argo/argo.ts';
import { bet, likelihood } from './bet/bet.ts';
import { withGauges } from './gauge/with-gauges.ts';
import type { Judge, JudgePlan, JudgeState } from './judge.ts';
import { kayenta } from './kayenta/kayenta.ts';
import { threshold } from './threshold.ts';

const judges: Readonly<Record<JudgePlan['judge'], Judge<JudgeState>>> = {
  threshold: withGauges(threshold),
  bet: withGauges(bet),
  likelihood: withGauges(likelihood),
  argo: withGauges(argo),
  kayenta: withGauges(kayenta),
};

/** The judge of that name, with gauges beside it. Its states are its own: one judge's state given to another is a failed assertion. */
export function judgeOf(name: JudgePlan['judge']): Judge<JudgeState> {
  return judges[name];
}
