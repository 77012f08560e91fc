import { type Finding, findingAt } from '../../finding.ts';
import type { SourceDocument } from '../../document.ts';
import type { CanarySource, LintContext } from '../context.ts';
import { has, listAt, recordAt, textAt, valueAt } from '../values.ts';

/** What moves the traffic, what scales the pods, and what selects them. */
export function lintService(context: LintContext): readonly Finding[] {
  return context.canaries.flatMap((canary) => {
    if (canary.targetKind === 'Process') return [];
    return [
      ...provider(canary),
      ...gateways(canary),
      ...autoscaler(context, canary),
      ...otherSelectors(context, canary),
    ];
  });
}

function provider(canary: CanarySource): readonly Finding[] {
  if (canary.provider !== null) return [];
  const guess = has(canary.spec, ['service', 'gatewayRefs'])
    ? 'gatewayapi:v1'
    : has(canary.spec, ['ingressRef'])
      ? 'nginx'
      : 'istio';
  const fix = `write provider: ${guess} under spec, if that is what is meant`;
  return [
    findingAt(canary.document, ['spec'], {
      code: 'provider-not-set',
      message: 'spec.provider is not set.',
      fix,
    }),
  ];
}

function gateways({ document, spec, provider: name }: CanarySource): readonly Finding[] {
  const path = ['spec', 'service', 'gateways'];
  const listed = listAt(spec, ['service', 'gateways']);
  if (name?.startsWith('gatewayapi:') && listAt(spec, ['service', 'gatewayRefs']).length === 0) {
    const message = `The provider ${name} needs service.gatewayRefs.`;
    return [
      findingAt(document, ['spec', 'service'], {
        code: 'gateway-refs-missing',
        message,
        fix: 'add gatewayRefs with the name of the Gateway',
      }),
    ];
  }
  if (listed.length === 0) return [];
  if (name !== null && name !== 'istio') {
    return [
      findingAt(document, path, {
        code: 'gateways-ignored',
        message: `The provider ${name} does not read gateways.`,
        fix: 'remove them',
      }),
    ];
  }
  if (listed.includes('mesh')) return [];
  const message = `gateways lists ${listed.map(String).join(', ')} without mesh.`;
  return [
    findingAt(document, path, {
      code: 'gateways-without-mesh',
      message,
      fix: 'add mesh to the list, if callers inside the mesh count as traffic',
    }),
  ];
}

function autoscaler(context: LintContext, canary: CanarySource): readonly Finding[] {
  if (canary.targetKind !== 'Deployment') return [];
  const { document, spec, target } = canary;
  const scalers = [...context.ofKind('HorizontalPodAutoscaler'), ...context.ofKind('ScaledObject')];
  const scaler = scalers.find(
    (one) =>
      one.namespace === document.namespace &&
      textAt(one.value, ['spec', 'scaleTargetRef', 'name']) === target,
  );
  const reference = textAt(spec, ['autoscalerRef', 'name']);
  if (scaler && reference !== scaler.name) {
    const message = `${scaler.kind} ${scaler.name} scales ${target}, and autoscalerRef does not name it.`;
    const fix = `add autoscalerRef {apiVersion: ${scaler.apiVersion}, kind: ${scaler.kind}, name: ${scaler.name}}`;
    return [
      findingAt(document, ['spec', 'autoscalerRef'], { code: 'autoscaler-not-referenced', message, fix }),
    ];
  }
  if (reference !== null) return [];
  const fix =
    'add autoscalerRef, with primaryScalerReplicas where stable needs other bounds; if there is no autoscaler, plan for twice the pods';
  return [
    findingAt(document, ['spec', 'targetRef'], {
      code: 'no-autoscaler',
      message: 'There is no autoscalerRef.',
      fix,
    }),
  ];
}

const selectorPaths: Readonly<Record<string, readonly string[]>> = {
  PodDisruptionBudget: ['spec', 'selector', 'matchLabels'],
  NetworkPolicy: ['spec', 'podSelector', 'matchLabels'],
  PodMonitor: ['spec', 'selector', 'matchLabels'],
};

function otherSelectors(context: LintContext, canary: CanarySource): readonly Finding[] {
  const workload = context
    .ofKind(canary.targetKind)
    .find(({ name, namespace }) => name === canary.target && namespace === canary.document.namespace);
  const label = workload ? selectorLabel(workload) : null;
  if (label === null) return [];
  const [key, value] = label;
  return Object.entries(selectorPaths).flatMap(([kind, path]) =>
    context.ofKind(kind).flatMap((document) => {
      if (
        document.namespace !== canary.document.namespace ||
        valueAt(document.value, [...path, key]) !== value
      )
        return [];
      const message = `${kind} ${document.name} selects ${key}: ${value}; production’s pods carry ${key}: ${value}-primary.`;
      const fix = 'select on a label that both arms share, such as app.kubernetes.io/part-of';
      return [findingAt(document, [...path, key], { code: 'selector-misses-primary', message, fix })];
    }),
  );
}

export const selectorLabels = ['app', 'name', 'app.kubernetes.io/name'] as const;

/** The label by which Flagger tells the arms apart. */
export function selectorLabel(workload: SourceDocument): readonly [string, string] | null {
  const labels = recordAt(workload.value, ['spec', 'selector', 'matchLabels']);
  for (const key of selectorLabels) {
    const value = labels?.[key];
    if (typeof value === 'string') return [key, value];
  }
  return null;
}
