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

/** How the two arms look in one label: what it holds for each, and the matcher that accepts the canary alone. */
export interface ArmLabel {
  readonly stable: string;
  readonly canary: string;
  /** With the placeholder of a MetricTemplate. */
  readonly matcher: string;
}

const podLabels = new Set(['pod', 'pod_name', 'exported_pod', 'kubernetes_pod_name', 'k8s_pod_name']);
const workloadLabels = new Set([
  'app',
  'name',
  'app_kubernetes_io_name',
  'deployment',
  'workload',
  'destination_workload',
  'destination_app',
]);

/** null for labels that do not tell arms apart. */
export function armLabel(label: string, target: string): ArmLabel | null {
  if (podLabels.has(label)) return { ...podNameExamples(target), matcher: `${label}=~"${canaryPodPattern}"` };
  if (!workloadLabels.has(label)) return null;
  return { canary: target, stable: `${target}-primary`, matcher: `${label}="{{ target }}"` };
}

/** The expression that accepts exactly the canary's pods: Deployment name, ReplicaSet hash, pod suffix. */
export const canaryPodPattern = '{{ target }}-[a-z0-9]+-[a-z0-9]+';

/** Accepts what the label holds for both arms of this workload. */
export function isTooWide(matcher: LabelMatcher, target: string): boolean {
  const label = armLabel(matcher.label, target);
  if (label === null || matcher.operator !== '=~' || target === '') return false;
  const value = matcher.value.replaceAll(/\{\{-?\s*target\s*-?\}\}/g, () => target);
  return selectorCovers({ ...matcher, value }, [label.canary, label.stable]) === true;
}
