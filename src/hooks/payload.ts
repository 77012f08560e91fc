import type { HookRequest } from '../engine/ports.ts';

/** Flagger's body of a webhook, plus what binds the answer to one moment of one run (receivers ignore what they do not know). */
export interface HookPayload {
  readonly name: string;
  readonly namespace: string;
  readonly phase: string;
  readonly checksum: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly type: string;
  readonly revision: string;
  readonly step: number;
  readonly id: string;
}

export function hookPayload(request: HookRequest): HookPayload {
  const { effect } = request;
  return {
    name: request.name,
    namespace: request.namespace,
    phase: effect.phase,
    checksum: request.checksum,
    metadata: effect.hook.metadata,
    type: effect.hook.type,
    revision: request.revision,
    step: request.step,
    id: effect.id,
  };
}
