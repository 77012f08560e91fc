import { availableParallelism, totalmem } from 'node:os';
import type { NodeStatus } from 'kubernetes-types/core/v1.js';
import type { KubeClient } from '../../../src/kube/client.ts';
import { type Clock, sleep } from '../../../src/kube/clock.ts';
import { isKubeError } from '../../../src/kube/kube-error.ts';
import { heldLease, type Lease, leases } from '../../../src/kube/lease.ts';
import { timeOf } from '../../../src/kube/micro-time.ts';
import type { KubeObject, Resource } from '../../../src/kube/object.ts';
import { messageOf } from '../../../src/kube/report.ts';

const nodes: Resource = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };

interface Node extends KubeObject {
  readonly status?: NodeStatus;
}

const renewMs = 10_000;
const leaseDurationMs = 40_000;
const statusMs = 300_000;
const manager = { fieldManager: 'kubelet' };

export interface NodeOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly name: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

/**
 * The node itself: registered, its status told every five minutes and its Lease renewed every ten seconds. New nodes are tainted as not ready
 * until the node lifecycle controller has seen them Ready; it also taints them when the Lease is not renewed for 40 s.
 */
export class NodeKeeper {
  readonly #options: NodeOptions;
  readonly #startedAtWallMs: number;
  #uid = '';

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#startedAtWallMs = options.clock.wallMs();
  }

  /** Resolves when it stands in the API, as it is now. */
  async register(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    for (;;) {
      try {
        this.#uid = (await this.#createOrGet()).metadata.uid ?? '';
        await this.#tell();
        await this.#renew();
        return;
      } catch (thrown) {
        signal.throwIfAborted();
        log(`node: ${messageOf(thrown)}`);
        await sleep(clock, 1000, signal);
      }
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let toldMs = clock.nowMs();
    while (!signal.aborted) {
      await sleep(clock, renewMs, signal);
      if (signal.aborted) return;
      try {
        await this.#renew();
        if (clock.nowMs() - toldMs < statusMs) continue;
        await this.#tell();
        toldMs = clock.nowMs();
      } catch (thrown) {
        log(`node: ${messageOf(thrown)}`);
        // Somebody deleted it.
        if (isKubeError(thrown, 'NotFound')) await this.register(signal);
      }
    }
  }

  async #createOrGet(): Promise<Node> {
    const { client, name, labels } = this.#options;
    const node: Node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name,
        labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...labels },
      },
      status: this.#status(),
    };
    try {
      return await client.create(nodes, node, manager);
    } catch (thrown) {
      if (!isKubeError(thrown, 'AlreadyExists')) throw thrown;
      return await client.get<Node>(nodes, { name });
    }
  }

  async #tell(): Promise<void> {
    const { client, name } = this.#options;
    const patch = { type: 'strategic', body: { status: this.#status() } } as const;
    await client.patch(nodes, { name }, patch, { ...manager, subresource: 'status' });
  }

  async #renew(): Promise<void> {
    const { client, name, clock } = this.#options;
    const where = { namespace: 'kube-node-lease', name };
    let before: Lease | null = null;
    try {
      before = await client.get<Lease>(leases, where);
    } catch (thrown) {
      if (!isKubeError(thrown, 'NotFound')) throw thrown;
    }
    const lease = heldLease(where, before, {
      identity: name,
      durationMs: leaseDurationMs,
      acquiredAtWallMs: this.#startedAtWallMs,
      renewedAtWallMs: clock.wallMs(),
      transitions: 0,
    });
    if (before !== null) {
      await client.replace(leases, lease, manager);
      return;
    }
    // Goes with its node.
    const owner = { apiVersion: 'v1', kind: 'Node', name, uid: this.#uid };
    await client.create(leases, { ...lease, metadata: { ...where, ownerReferences: [owner] } }, manager);
  }

  #status(): NodeStatus {
    const { name, address, clock } = this.#options;
    const now = timeOf(clock.wallMs());
    const capacity = {
      cpu: String(availableParallelism()),
      memory: `${Math.floor(totalmem() / 1024)}Ki`,
      pods: '250',
      'ephemeral-storage': '100Gi',
    };
    const condition = (type: string, status: 'True' | 'False', reason: string): object => ({
      type,
      status,
      reason,
      message: reason,
      lastHeartbeatTime: now,
      lastTransitionTime: timeOf(this.#startedAtWallMs),
    });
    return {
      capacity,
      allocatable: capacity,
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
        condition('Ready', 'True', 'KubeletReady'),
      ] as NonNullable<NodeStatus['conditions']>,
    };
  }
}
