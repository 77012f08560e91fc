import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isAlive, type ProcessIdentity } from '../../src/platform/local/process/identity.ts';
import { cacheFolder } from './build.ts';

/** Of a cluster in the background: `state.json` of its folder. */
export interface ClusterState {
  readonly kubeconfig: string;
  readonly server: string;
  readonly kubectl: string;
  /** To be ended with SIGTERM; the rest goes with it. */
  readonly keeper: ProcessIdentity | null;
  /** A process of the cluster's network namespace; null if it is in the machine's own. */
  readonly inside: ProcessIdentity | null;
}

export function clusterFolder(name: string): string {
  return join(dirname(cacheFolder()), 'cluster', name);
}

/** Null: no such cluster runs. */
export function clusterState(name: string): ClusterState | null {
  try {
    const state = JSON.parse(readFileSync(join(clusterFolder(name), 'state.json'), 'utf8')) as ClusterState;
    return state.keeper !== null && isAlive(state.keeper) ? state : null;
  } catch {
    return null;
  }
}
