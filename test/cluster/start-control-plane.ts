import type { ControlPlane } from './control-plane.ts';
import { useExisting } from './existing-cluster.ts';
import { type StartOptions, startLocal } from './local-control-plane.ts';

/**
 * A control plane for tests: with `USE_EXISTING_CLUSTER=true` that of `KUBECONFIG`, else a new one from the programs of
 * `KUBEBUILDER_ASSETS` or from our own build, which is made if it is not there. Several run side by side.
 */
export async function startControlPlane(options: StartOptions = {}): Promise<ControlPlane> {
  if (process.env['USE_EXISTING_CLUSTER'] !== 'true') return startLocal(options);
  const kubeconfig = process.env['KUBECONFIG'];
  if (kubeconfig === undefined || kubeconfig === '') {
    throw new Error('USE_EXISTING_CLUSTER=true, but KUBECONFIG names no cluster');
  }
  return useExisting(kubeconfig);
}
