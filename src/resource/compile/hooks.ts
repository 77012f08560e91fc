import type { HookPlan, HookType } from '../../rollout/plan.ts';
import type { CanaryResource } from '../check/resource.ts';
import type { WebhookValue } from '../schema/analysis.ts';
import { uniqueNames } from './unique-names.ts';

/** The hooks of a Canary in their order, with Flagger's defaults: type `rollout`, 10 s, no retries. */
export function hooksOf(canary: CanaryResource): readonly HookPlan[] {
  const webhooks = canary.value.spec.analysis?.webhooks ?? [];
  const names = uniqueNames(webhooks.map((hook) => hook.name));
  return webhooks.map((hook, index) => ({
    name: names[index] ?? hook.name,
    type: typeOf(hook),
    url: hook.url,
    timeoutMs: hook.timeout ?? 10_000,
    retries: hook.retries ?? 0,
    metadata: hook.metadata ?? {},
    muteAlert: hook.muteAlert ?? false,
    deadlineMs: hook.deadline ?? null,
    onDeadline: hook.onDeadline ?? 'rollback',
  }));
}

function typeOf(hook: WebhookValue): HookType {
  return hook.type === undefined || hook.type === '' ? 'rollout' : hook.type;
}
