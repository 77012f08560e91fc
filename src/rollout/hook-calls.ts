import { type Context, patched } from './context.ts';
import type { HookAnswer } from './observation.ts';
import type { HookPlan, HookType } from './plan.ts';
import type { AskedHook, RolloutState } from './state.ts';

export function hooksOf(context: Context, type: HookType): readonly HookPlan[] {
  return context.plan.hooks.filter((hook) => hook.type === type);
}

/** The latest call of the hook within this (step, attempt); a call of another one is as good as none (SPEC N11). */
export function askedOf(state: RolloutState, name: string): AskedHook | null {
  return (
    state.hooks.find(
      (asked) => asked.name === name && asked.step === state.step && asked.attempt === state.attempt,
    ) ?? null
  );
}

export function answerTo(context: Context, asked: AskedHook): HookAnswer | null {
  return context.observation.hookAnswers.find((answer) => answer.id === asked.id) ?? null;
}

/** Calls a hook, for the first time or again. The id makes a repeat after a crash the same call. */
export function ask(context: Context, state: RolloutState, name: string): RolloutState {
  const before = state.hooks.find((asked) => asked.name === name);
  const current = askedOf(state, name);
  const n = (current?.n ?? 0) + 1;
  const asked: AskedHook = {
    id: `${context.identity.uid}/${state.step}/${state.attempt}/hook/${name}/${n}`,
    name,
    step: state.step,
    attempt: state.attempt,
    n,
    firstAskedAtMs: current?.firstAskedAtMs ?? context.nowMs,
    askedAtMs: context.nowMs,
    passed: null,
    answeredAtMs: null,
    failures: before?.failures ?? 0,
  };
  return withAsked(state, asked);
}

/** Takes the answer to the latest call into the state, once. */
export function noteAnswer(context: Context, state: RolloutState, name: string): RolloutState {
  const asked = askedOf(state, name);
  if (asked === null || asked.passed !== null) return state;
  const answer = answerTo(context, asked);
  if (answer === null) return state;
  const passed = answer.kind === 'passed';
  return withAsked(state, {
    ...asked,
    passed,
    answeredAtMs: context.nowMs,
    failures: asked.failures + (passed ? 0 : 1),
  });
}

/** A gate that a person or its deadline opened instead of its own answer. */
export function openByHand(context: Context, state: RolloutState, name: string): RolloutState {
  const known = askedOf(state, name) === null ? ask(context, state, name) : state;
  const asked = askedOf(known, name);
  return asked === null ? known : withAsked(known, { ...asked, passed: true, answeredAtMs: context.nowMs });
}

/** A refused gate or a polled hook is called again an interval after its last call. */
export function isDue(context: Context, asked: AskedHook): boolean {
  return context.nowMs >= nextCallAtMs(context, asked);
}

export function nextCallAtMs(context: Context, asked: AskedHook): number {
  return asked.askedAtMs + context.plan.judging.intervalMs;
}

function withAsked(state: RolloutState, asked: AskedHook): RolloutState {
  const others = state.hooks.filter((hook) => hook.name !== asked.name);
  return patched(state, { hooks: [...others, asked] });
}
