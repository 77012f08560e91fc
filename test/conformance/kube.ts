import { describe } from 'vitest';
import { type ClusterUnderTest, freshNamespace, type OnCluster } from './kube-cluster.ts';
import { applyLaws } from './kube-apply.ts';
import { customResourceLaws } from './kube-custom.ts';
import { deletionLaws } from './kube-deletion.ts';
import { objectLaws } from './kube-objects.ts';
import { watchLaws } from './kube-watch.ts';

/**
 * What `src/kube` and everything above it relies on of a control plane. What passes on the fake and not on a real one, or the other way
 * round, is a defect of the fake. `make` may give the same cluster again and again; every test has a namespace of its own.
 */
export function kubeConformance(name: string, make: () => Promise<ClusterUnderTest>): void {
  const on: OnCluster = (work) => async () => {
    const cluster = await make();
    try {
      await work(cluster, await freshNamespace(cluster));
    } finally {
      await cluster.dispose();
    }
  };
  describe(`control plane ${name}`, () => {
    objectLaws(on);
    watchLaws(on);
    applyLaws(on);
    deletionLaws(on);
    customResourceLaws(on);
  });
}
