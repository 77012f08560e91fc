import type { CheckEvidence, CheckPlan, Limit, VerdictKind } from '../judge.ts';
import { showLimit, showValue } from '../shown-value.ts';
import { accusingBound } from './bad-count.ts';
import type { BetState } from './bet-state.ts';
import type { BadCount, CheckGroup } from './bet-tests.ts';
import type { GroupEvidence } from './combine.ts';
import { worstBound } from './latency-share-test.ts';

/** One line for people: what was seen, what is allowed, how rare it is. */
export function describeCheck(
  check: CheckPlan,
  values: { readonly value: number | null; readonly stableValue: number | null },
  evidence: CheckEvidence,
  facts: {
    readonly group: CheckGroup | null;
    readonly state: BetState;
    readonly kind: VerdictKind;
    readonly found: GroupEvidence | null;
    readonly placebos: { readonly pods: number; readonly above: number } | null;
  },
): string {
  const { measure, limit } = check;
  const shown = { unit: check.shownUnit, scale: check.shownScale };
  const show = (value: number, of: Limit): string => showValue(value, of, shown);
  const parts: string[] = [];
  if (values.value !== null) {
    const allowed =
      limit.min === undefined && limit.max === undefined ? '' : `, allowed ${showLimit(limit, shown)}`;
    parts.push(`${show(values.value, limit)}${allowed}`);
  }
  parts.push(counted(facts.group, evidence, facts.state));
  if (measure.kind === 'latencyQuantile' && values.stableValue !== null)
    parts.push(`stable ${show(values.stableValue, {})}`);
  const { state, kind } = facts;
  if (kind === 'fail' || kind === 'suspect') {
    const bound = slowerBound(facts.group, state);
    if (bound !== null) parts.push(`most against it: how many take longer than ${bound} s`);
  }
  const rarity = rarityOf(evidence.peakLogEvidence, state.baking);
  if (rarity !== null) parts.push(rarity);
  if (evidence.environment && kind !== 'fail' && (facts.found?.log ?? 0) > 0)
    parts.push('stable breaks the same limit: look at what both depend on');
  if (kind === 'suspect' && facts.found?.shared === true && !evidence.environment)
    parts.push('stable fails too: not yet shown to be the canary alone');
  if (kind === 'suspect' && facts.found?.placebo === true && facts.placebos !== null) {
    const { above, pods } = facts.placebos;
    parts.push(
      `stable pods differ from each other as much: ${above} of ${pods} would be suspect in the canary's place`,
    );
  }
  return parts.filter((part) => part !== '').join('; ');
}

function slowerBound(group: CheckGroup | null, state: BetState): number | null {
  if (group?.share !== 'latency' || state.latencyShare === null || state.baking) return null;
  return worstBound(state.latencyShare);
}

/** `14 of 310 failed, stable 3 of 2,790`. */
function counted(group: CheckGroup | null, { canary, stable }: CheckEvidence, state: BetState): string {
  const bad = group?.absolute?.bad;
  const requests = showCount(canary.requests);
  if (bad === undefined && group?.share === 'latency') return `${requests} requests`;
  const what = bad === undefined || bad.kind === 'errors' ? 'failed' : whatIsBad(bad, state);
  const other =
    stable.requests === 0 ? '' : `, stable ${showCount(stable.bad)} of ${showCount(stable.requests)}`;
  return `${showCount(canary.bad)} of ${requests} ${what}${other}`;
}

/** Says the bound that was counted at, which is the limit's neighbour where the limit is none. */
function whatIsBad(bad: BadCount, state: BetState): string {
  if (!('seconds' in bad)) return bad.kind === 'errors' ? 'failed' : 'succeeded';
  const bounds = state.latency?.bounds ?? [];
  const seconds = bounds[accusingBound(bounds, bad) ?? -1] ?? bad.seconds;
  return `took ${bad.kind === 'slower' ? 'longer than' : 'at most'} ${seconds} s`;
}

/** What evidence means; null where it means nothing yet. The figure is rounded down to two digits: it stays true. */
export function rarityOf(peakLogEvidence: number, baking: boolean): string | null {
  if (peakLogEvidence < Math.LN10) return null;
  const times = Math.exp(Math.min(peakLogEvidence, Math.log(1e9)));
  const step = 10 ** Math.max(0, Math.floor(Math.log10(times)) - 1);
  const rounded = showCount(Math.floor(times / step + 1e-9) * step);
  return baking
    ? `a healthy release would look this bad at most once in ${rounded} blocks`
    : `a healthy release would look this bad in fewer than 1 of ${rounded} rollouts`;
}

/** `2790` as `2,790`. */
function showCount(count: number): string {
  let text = String(count);
  for (let at = text.length - 3; at > 0; at -= 3) text = `${text.slice(0, at)},${text.slice(at)}`;
  return text;
}
