import type { Kysely } from 'kysely';
import type {
  EventQuery,
  Measurement,
  RecordedEvent,
  RolloutRecord,
  StoreSnapshot,
} from '../engine/ports.ts';
import type { Action, HookAnswer } from '../rollout/observation.ts';
import type { Tables } from './schema.ts';

/** Ended rollouts of a Canary that are loaded; older ones stay in the history. */
const keptRollouts = 10;

export async function loadSnapshot(database: Kysely<Tables>): Promise<StoreSnapshot> {
  const canaries = await database.selectFrom('canaries').select(['key', 'body']).orderBy('key').execute();
  const running = await database
    .selectFrom('rollouts')
    .select(['name', 'body'])
    .where('ended', '=', 0)
    .execute();
  const rollouts = new Map(running.map((row) => [row.name, row.body]));
  for (const { key } of canaries) {
    for (const row of await lastRollouts(database, key, keptRollouts)) rollouts.set(row.name, row.body);
  }
  const actions = await database
    .selectFrom('actions')
    .select(['rollout', 'body'])
    .orderBy('number')
    .execute();
  const answers = await database
    .selectFrom('hookAnswers')
    .select(['rollout', 'body'])
    .orderBy('number')
    .execute();
  return {
    canaries: canaries.map((row) => JSON.parse(row.body)),
    rollouts: [...rollouts.values()].map(rolloutOf).sort(byAge),
    actions: actions.map((row) => ({ rollout: row.rollout, action: JSON.parse(row.body) as Action })),
    hookAnswers: answers.map((row) => ({ rollout: row.rollout, answer: JSON.parse(row.body) as HookAnswer })),
  };
}

/** Members that came later, as they begin: rollouts of an earlier version lack them. */
const laterMembers = { evidence: null, shadows: [], traffic: null } as const;

function rolloutOf(body: string): RolloutRecord {
  return { ...laterMembers, ...(JSON.parse(body) as Omit<RolloutRecord, keyof typeof laterMembers>) };
}

/** Newest first. */
export async function readRollouts(
  database: Kysely<Tables>,
  key: string,
  limit: number,
): Promise<readonly RolloutRecord[]> {
  return (await lastRollouts(database, key, limit)).map((row) => rolloutOf(row.body));
}

/** In sequence, from the first after `afterSequence`. */
export async function readEvents(
  database: Kysely<Tables>,
  query: EventQuery,
): Promise<readonly RecordedEvent[]> {
  let select = database
    .selectFrom('events')
    .select(['body', 'hash'])
    .where('sequence', '>', query.afterSequence ?? 0);
  if (query.key !== undefined) select = select.where('key', '=', query.key);
  if (query.rollout !== undefined) select = select.where('rollout', '=', query.rollout);
  if (query.limit !== undefined) select = select.limit(query.limit);
  const rows = await select.orderBy('sequence').execute();
  return rows.map((row) => ({ ...(JSON.parse(row.body) as Omit<RecordedEvent, 'hash'>), hash: row.hash }));
}

export async function readMeasurements(
  database: Kysely<Tables>,
  rollout: string,
): Promise<readonly Measurement[]> {
  const rows = await database
    .selectFrom('measurements')
    .selectAll()
    .where('rollout', '=', rollout)
    .orderBy('number')
    .execute();
  return rows.map(({ number: _number, checkName, arm, latency, ...row }) => ({
    ...row,
    check: checkName,
    arm: arm as Measurement['arm'],
    latency: latency === null ? null : (JSON.parse(latency) as Measurement['latency']),
  }));
}

export async function insertMeasurements(
  database: Kysely<Tables>,
  measurements: readonly Measurement[],
): Promise<void> {
  for (const { check, latency, atMs, durationMs, ...row } of measurements) {
    const text = latency === null ? null : JSON.stringify(latency);
    const times = { atMs: Math.trunc(atMs), durationMs: Math.trunc(durationMs) };
    await database
      .insertInto('measurements')
      .values({ ...row, ...times, checkName: check, latency: text })
      .execute();
  }
}

async function lastRollouts(
  database: Kysely<Tables>,
  key: string,
  limit: number,
): Promise<readonly { readonly name: string; readonly body: string }[]> {
  return database
    .selectFrom('rollouts')
    .select(['name', 'body'])
    .where('key', '=', key)
    .orderBy('createdAtMs', 'desc')
    .orderBy('name', 'desc')
    .limit(limit)
    .execute();
}

function byAge(a: RolloutRecord, b: RolloutRecord): number {
  return a.createdAtMs - b.createdAtMs || (a.identity.name < b.identity.name ? -1 : 1);
}
