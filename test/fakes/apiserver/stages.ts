import type { JsonObject } from './json.ts';
import type { Cluster } from './cluster.ts';

/**
 * One step of how a kind of object behaves, after kwok's `Stage`: where `when` holds it happens `delayMs` later, if it still holds then.
 * `act` looks at the cluster and writes what it wants; its writes make the next stages hold.
 */
export interface Stage {
  readonly name: string;
  /** The store whose objects go through it: `pods`, `deployments.apps`. */
  readonly storeId: string;
  /** Further stores whose changes may make it hold for other objects: it is looked at for all of them. */
  readonly alsoOn?: readonly string[];
  readonly when: (object: JsonObject, cluster: Cluster) => boolean;
  readonly delayMs: number | ((object: JsonObject, cluster: Cluster) => number);
  /** Share of the times that it happens at all, drawn anew for each object; absent: 1. */
  readonly chance?: number;
  readonly act: (object: JsonObject, cluster: Cluster) => void;
}
