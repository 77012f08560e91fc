import type { LabelMatcher } from './expression.ts';
import { safeRegExp } from './safe-reg-exp.ts';

/** Names of pods as a Deployment gives them, one a arm, in the order canary, stable. */
export function podNameExamples(target: string): { readonly canary: string; readonly stable: string } {
  return { canary: `${target}-7d4b9c6f5d-x2x7k`, stable: `${target}-primary-5f6d8c7b9d-q8z4m` };
}

/**
 * Does a matcher accept all these label values? `null` where that cannot be told: a placeholder other than the target's name
 * is in it, or an expression that is not safe to run.
 */
export function selectorCovers(matcher: LabelMatcher, values: readonly string[]): boolean | null {
  if (matcher.value.includes('{{')) return null;
  const positive = matcher.operator === '=' || matcher.operator === '=~';
  if (matcher.operator === '=' || matcher.operator === '!=') {
    return values.every((value) => (value === matcher.value) === positive);
  }
  const pattern = safeRegExp(matcher.value);
  return pattern === null ? null : values.every((value) => pattern.test(value) === positive);
}

const podLabels = new Set(['pod', 'pod_name', 'kubernetes_pod_name', 'k8s_pod_name', 'instance_pod']);

/** Is this a label whose values are pod names? */
function isPodLabel(label: string): boolean {
  return podLabels.has(label);
}

/** The expression that accepts exactly the canary's pods: Deployment name, ReplicaSet hash, pod suffix. */
export const canaryPodPattern = '{{ target }}-[a-z0-9]+-[a-z0-9]+';

/** Meant for this workload's pods, and accepts those of both arms. */
export function isTooWide(matcher: LabelMatcher, target: string): boolean {
  if (!isPodLabel(matcher.label) || matcher.operator !== '=~' || target === '') return false;
  const value = matcher.value.replaceAll(/\{\{-?\s*target\s*-?\}\}/g, () => target);
  if (!value.includes(target)) return false;
  const { canary, stable } = podNameExamples(target);
  return selectorCovers({ ...matcher, value }, [canary, stable]) === true;
}
