import { microTimeOf } from './micro-time.ts';
import type { KubeObject, ObjectName, Resource } from './object.ts';

export const leases: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};

export interface LeaseSpec {
  /** Absent: released. The server refuses an empty one. */
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

export interface Lease extends KubeObject {
  readonly spec?: LeaseSpec;
}

export interface Holding {
  readonly identity: string;
  readonly durationMs: number;
  readonly acquiredAtWallMs: number;
  readonly renewedAtWallMs: number;
  readonly transitions: number;
}

/** The lease as a holder writes it, over what was there before. */
export function heldLease(name: ObjectName, before: Lease | null, holding: Holding): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: before?.metadata ?? name,
    spec: {
      holderIdentity: holding.identity,
      leaseDurationSeconds: Math.ceil(holding.durationMs / 1000),
      acquireTime: microTimeOf(holding.acquiredAtWallMs),
      renewTime: microTimeOf(holding.renewedAtWallMs),
      leaseTransitions: holding.transitions,
    },
  };
}

/** The lease as its holder gives it back: nobody has it, and for one second only. */
export function releasedLease(before: Lease, wallMs: number): Lease {
  return {
    ...before,
    spec: {
      leaseDurationSeconds: 1,
      acquireTime: microTimeOf(wallMs),
      renewTime: microTimeOf(wallMs),
      leaseTransitions: before.spec?.leaseTransitions ?? 0,
    },
  };
}
