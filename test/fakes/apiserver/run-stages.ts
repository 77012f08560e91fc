import { Cluster } from './cluster.ts';
import { type JsonObject, uidOf } from './json.ts';
import type { Stage } from './stages.ts';
import type { World } from './world.ts';

/** Lets objects go through their stages: each is looked at after every write that may concern it. */
export function runStages(world: World, stages: readonly Stage[]): void {
  const cluster = new Cluster(world, 'kube-controller-manager');
  /** `<stage> <uid>` of what is under way, or was drawn not to happen. */
  const scheduled = new Set<string>();
  const consider = (stage: Stage, object: JsonObject): void => {
    const id = `${stage.name} ${uidOf(object)}`;
    if (scheduled.has(id) || !stage.when(object, cluster)) return;
    scheduled.add(id);
    if (stage.chance !== undefined && world.random() >= stage.chance) return;
    const delayMs = typeof stage.delayMs === 'number' ? stage.delayMs : stage.delayMs(object, cluster);
    world.clock.at(world.clock.nowMs() + delayMs, () => {
      scheduled.delete(id);
      const now = world.store.find(uidOf(object))?.object;
      if (now === undefined || !stage.when(now, cluster)) return;
      stage.act(now, cluster);
      const after = world.store.find(uidOf(object))?.object;
      if (after !== undefined) consider(stage, after);
    });
  };
  world.store.onChange(({ storeId, object, type }) => {
    for (const stage of stages) {
      if (stage.storeId === storeId && type !== 'DELETED') consider(stage, object);
      if (stage.alsoOn?.includes(storeId) === true) {
        for (const [, other] of world.store.list(stage.storeId)) consider(stage, other);
      }
    }
  });
}
