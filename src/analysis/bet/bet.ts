import { assert } from '../../lib/assert.ts';
import type { Block, Sample } from '../block.ts';
import type { Judge, JudgeInput, JudgePlan } from '../judge.ts';
import { hasTimes } from '../sound.ts';
import { threshold } from '../threshold.ts';
import { excuse } from './absolute-test.ts';
import { type BetState, courseOf, startProcesses, takeCounts } from './bet-state.ts';
import { betTestsOf, type BetTests, constantsOf, type BetConstants } from './bet-tests.ts';
import { verdictOf } from './bet-verdict.ts';
import { closeGates, openGates } from './gates.ts';
import { combine, type Evidence } from './combine.ts';
import { blockBets, type FactorForm } from './forms.ts';
import { likelihoodForm } from './likelihood-form.ts';

/**
 * The sequential judge: every block multiplies evidence by factors whose mean is at most 1 while the release is fine, so that at
 * most a share α of fine releases is ever taken back, however often and long one looks (Ville's inequality). What it assumes:
 * the mean share of bad requests of a block is at most the limit whatever came before, and clusters of errors fall on the arms
 * in proportion to their traffic, up to the margin. Samples and signals are judged as `threshold` does, without that guarantee.
 */
export const bet: Judge<BetState> = sequential('bet', () => blockBets);

/**
 * The same on single requests: a little quicker, and wrong where requests fail together more than `dispersion` of them at a time.
 */
export const likelihood: Judge<BetState> = sequential('likelihood', ({ dispersion }) =>
  likelihoodForm(dispersion),
);

/** Name of the inner check that the canary serves at all. */
const trafficCheck = 'traffic';

function sequential(
  name: 'bet' | 'likelihood',
  formOf: (constants: BetConstants) => FactorForm,
): Judge<BetState> {
  return {
    start: (plan) => ({
      judge: name,
      version: 1,
      gates: closeGates(threshold.start(gatesPlan(plan, betTestsOf(plan.checks)))),
      decidedAtMs: null,
      baking: false,
      lastAtMs: null,
      firstFailureAtMs: null,
      requestsInStep: 0,
      totals: [0, 0, 0, 0],
      stableServes: false,
      problem: null,
      latency: null,
      ...startProcesses(betTestsOf(plan.checks)),
    }),
    startStep: (plan, state) => ({
      ...state,
      gates: closeGates(
        threshold.startStep(gatesPlan(plan, betTestsOf(plan.checks)), openGates(state.gates)),
      ),
      requestsInStep: 0,
    }),
    judge: (plan, before, input) => {
      assert(before.judge === name && before.version === 1, `the state is of the judge ${name}, version 1`);
      const tests = betTestsOf(plan.checks);
      const constants = constantsOf(plan);
      const form = formOf(constants);
      const baking = input.bake === true;
      let state: BetState =
        before.decidedAtMs !== null || baking === before.baking
          ? before
          : { ...before, baking, ...startProcesses(tests) };
      let evidence: Evidence | null = null;
      let part = input;
      for (const block of input.blocks) {
        if (state.decidedAtMs !== null) break;
        if (!isNew(block, state.lastAtMs)) continue;
        state = takeGates(plan, tests, state, part, block);
        ({ state, evidence } = takeBlock(state, block, tests, constants, form));
        // Samples and signals belong to the first of the blocks.
        part = { ...input, samples: [], signals: [] };
      }
      // Without a block the gates only see time pass.
      if (part === input && state.decidedAtMs === null) state = takeGates(plan, tests, state, input, null);
      return { state, verdict: verdictOf(plan, tests, constants, state, evidence) };
    },
  };
}

/** A block that is out of order, came twice or is at no time has nothing to say. */
function isNew(block: Block, lastAtMs: number | null): boolean {
  return hasTimes(block) && block.atMs > (lastAtMs ?? Number.NEGATIVE_INFINITY);
}

function takeBlock(
  before: BetState,
  block: Block,
  tests: BetTests,
  constants: BetConstants,
  form: FactorForm,
): { readonly state: BetState; readonly evidence: Evidence } {
  const logLevel = before.baking ? Math.log(constants.bakeRunLength) : constants.logLevel;
  const course = courseOf(before, constants);
  let state = takeCounts(before, block, tests, constants, form);
  let evidence = combine(state, tests, course, logLevel);
  const changed = tests.groups.filter(
    ({ absolute }, index) =>
      absolute !== null && state.absolute[absolute.key]?.excused !== evidence.groups[index]?.environment,
  );
  if (changed.length > 0) {
    state = { ...state, absolute: excuseAll(state, tests, evidence) };
    evidence = combine(state, tests, course, logLevel);
  }
  const logs = [evidence.log, ...evidence.groups.map(({ log }) => log)];
  const peaks = logs.map((log, index) => Math.max(state.peaks[index] ?? 0, Math.floor(log * 1000) / 1000));
  // However bad it is, one block alone never decides.
  const confirmed = before.totals[0] > 0 && evidence.counted >= logLevel;
  const decided = state.decidedAtMs ?? (confirmed ? block.atMs : null);
  return { state: { ...state, peaks, decidedAtMs: decided }, evidence };
}

function excuseAll(state: BetState, tests: BetTests, evidence: Evidence): BetState['absolute'] {
  const absolute = { ...state.absolute };
  for (const [index, { absolute: test }] of tests.groups.entries()) {
    const before = test === null ? undefined : absolute[test.key];
    if (test !== null && before !== undefined)
      absolute[test.key] = excuse(before, evidence.groups[index]?.environment ?? false);
  }
  return absolute;
}

function takeGates(
  plan: JudgePlan,
  tests: BetTests,
  state: BetState,
  input: JudgeInput,
  block: Block | null,
): BetState {
  const served = block?.canary?.requests ?? 0;
  const traffic: readonly Sample[] =
    block !== null && served > 0 ? [{ check: trafficCheck, atMs: block.atMs, value: served }] : [];
  const { state: next } = threshold.judge(gatesPlan(plan, tests), openGates(state.gates), {
    ...input,
    blocks: block === null ? [] : [{ atMs: block.atMs, durationMs: block.durationMs }],
    samples: [...input.samples, ...traffic],
  });
  const last = next.last && {
    ...next.last,
    checks: next.last.checks.filter(({ name }) => name !== trafficCheck),
  };
  const decidedAtMs = state.decidedAtMs ?? (next.decided ? (last?.atMs ?? null) : null);
  return { ...state, gates: closeGates({ ...next, last }), decidedAtMs };
}

const gatesPlans = new WeakMap<JudgePlan, JudgePlan>();

/** What is left for `threshold`: readings that are only numbers, and whether the canary serves at all. One for each plan. */
function gatesPlan(plan: JudgePlan, tests: BetTests): JudgePlan {
  const known = gatesPlans.get(plan);
  if (known !== undefined) return known;
  const samples = plan.checks.filter(({ measure }) => measure.kind === 'sample');
  const traffic = {
    name: trafficCheck,
    measure: { kind: 'sample' },
    limit: {},
    shownUnit: '',
    shownScale: 1,
    windowMs: plan.intervalMs,
    minRequests: 0,
  } as const;
  const checks = tests.groups.length === 0 ? samples : [...samples, traffic];
  const made: JudgePlan = { ...plan, judge: 'threshold', checks };
  gatesPlans.set(plan, made);
  return made;
}
