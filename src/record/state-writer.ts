import type { Kysely } from 'kysely';
import type { CanaryRecord, RecordEvent, RecordedEvent, RolloutRecord, StoreWrite } from '../engine/ports.ts';
import { SluiceError } from '../lib/error.ts';
import { seal } from './event-chain.ts';
import { isAnswerConsumed } from './consumed.ts';
import type { Tables } from './schema.ts';

/** Applies one StoreWrite within the transaction that is open. Gives the events it recorded, without those known before. */
export async function applyWrite(
  database: Kysely<Tables>,
  write: StoreWrite,
): Promise<readonly RecordedEvent[]> {
  const {
    canaries = [],
    rollouts = [],
    deletedCanaries = [],
    actions = [],
    hookAnswers = [],
    events = [],
  } = write;
  // A batch may hold a deletion and a new Canary of the same name, or a last change and then the deletion.
  const created = new Set(canaries.filter((record) => record.version === 1).map((record) => record.key));
  for (const key of deletedCanaries) if (created.has(key)) await deleteCanary(database, key);
  for (const record of canaries) await putCanary(database, record);
  for (const record of rollouts) await putRollout(database, record);
  for (const { rollout, action } of actions)
    await addPending(database, 'actions', action.id, rollout, action);
  for (const { rollout, answer } of hookAnswers)
    await addPending(database, 'hookAnswers', answer.id, rollout, answer);
  for (const key of deletedCanaries) if (!created.has(key)) await deleteCanary(database, key);
  const touched = [
    ...rollouts.map((record) => record.identity.name),
    ...actions.map((entry) => entry.rollout),
    ...hookAnswers.map((entry) => entry.rollout),
  ];
  for (const name of new Set(touched)) await dropConsumed(database, name);
  return appendEvents(database, events);
}

async function putCanary(database: Kysely<Tables>, record: CanaryRecord): Promise<void> {
  const { key, version } = record;
  const stored = await database
    .selectFrom('canaries')
    .select('version')
    .where('key', '=', key)
    .executeTakeFirst();
  expectVersion(`Canary ${key}`, stored?.version, version);
  const row = { key, version, body: JSON.stringify(record) };
  await database.replaceInto('canaries').values(row).execute();
}

async function putRollout(database: Kysely<Tables>, record: RolloutRecord): Promise<void> {
  const { version, key, createdAtMs } = record;
  const { name } = record.identity;
  const stored = await database
    .selectFrom('rollouts')
    .select('version')
    .where('name', '=', name)
    .executeTakeFirst();
  expectVersion(`Rollout ${name}`, stored?.version, version);
  const ended = record.state.endedAtMs === null ? 0 : 1;
  const row = {
    name,
    key,
    version,
    createdAtMs: Math.trunc(createdAtMs),
    ended,
    body: JSON.stringify(record),
  };
  await database.replaceInto('rollouts').values(row).execute();
}

function expectVersion(what: string, stored: number | undefined, written: number): void {
  if (written === (stored ?? 0) + 1) return;
  throw new SluiceError({
    code: 'conflict',
    message: `${what} is at version ${stored ?? 0} and cannot become version ${written}`,
  });
}

/** A repeat of the same id changes nothing. */
async function addPending(
  database: Kysely<Tables>,
  table: 'actions' | 'hookAnswers',
  id: string,
  rollout: string,
  record: unknown,
): Promise<void> {
  await database
    .insertInto(table)
    .values({ id, rollout, body: JSON.stringify(record) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

async function dropConsumed(database: Kysely<Tables>, name: string): Promise<void> {
  const stored = await database
    .selectFrom('rollouts')
    .select('body')
    .where('name', '=', name)
    .executeTakeFirst();
  if (stored === undefined) return;
  const { state } = JSON.parse(stored.body) as RolloutRecord;
  const actions = await database
    .selectFrom('actions')
    .select(['number', 'id'])
    .where('rollout', '=', name)
    .execute();
  const done = actions
    .filter((action) => state.consumedActions.includes(action.id))
    .map((action) => action.number);
  if (done.length > 0) await database.deleteFrom('actions').where('number', 'in', done).execute();
  const answers = await database
    .selectFrom('hookAnswers')
    .select(['number', 'id'])
    .where('rollout', '=', name)
    .execute();
  const heard = answers.filter((answer) => isAnswerConsumed(answer.id, state)).map((answer) => answer.number);
  if (heard.length > 0) await database.deleteFrom('hookAnswers').where('number', 'in', heard).execute();
}

/** A deleted Canary takes its rollouts along: one of the same name starts anew. Its events stay. */
async function deleteCanary(database: Kysely<Tables>, key: string): Promise<void> {
  const names = database.selectFrom('rollouts').select('name').where('key', '=', key);
  await database.deleteFrom('actions').where('rollout', 'in', names).execute();
  await database.deleteFrom('hookAnswers').where('rollout', 'in', names).execute();
  await database.deleteFrom('measurements').where('rollout', 'in', names).execute();
  await database.deleteFrom('rollouts').where('key', '=', key).execute();
  await database.deleteFrom('canaries').where('key', '=', key).execute();
}

async function appendEvents(
  database: Kysely<Tables>,
  events: readonly RecordEvent[],
): Promise<readonly RecordedEvent[]> {
  if (events.length === 0) return [];
  const added: RecordedEvent[] = [];
  let last = await database
    .selectFrom('events')
    .select(['sequence', 'hash'])
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  for (const event of events) {
    const known = await database
      .selectFrom('events')
      .select('sequence')
      .where('id', '=', event.id)
      .executeTakeFirst();
    if (known !== undefined) continue;
    const { recorded, body } = seal(event, last ?? null);
    await database
      .insertInto('events')
      .values({ sequence: recorded.sequence, body, hash: recorded.hash })
      .execute();
    added.push(recorded);
    last = recorded;
  }
  return added;
}
