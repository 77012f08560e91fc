import type { Generated } from 'kysely';

/** Tables of `state.db`. `body` is JSON; the other columns exist to be searched by. */
export interface Tables {
  readonly canaries: { readonly key: string; readonly version: number; readonly body: string };
  readonly rollouts: {
    readonly name: string;
    readonly key: string;
    readonly version: number;
    readonly createdAtMs: number;
    /** 1 once the run has ended. */
    readonly ended: number;
    readonly body: string;
  };
  readonly actions: {
    readonly number: Generated<number>;
    readonly id: string;
    readonly rollout: string;
    readonly body: string;
  };
  readonly hookAnswers: {
    readonly number: Generated<number>;
    readonly id: string;
    readonly rollout: string;
    readonly body: string;
  };
  /**
   * The audit chain. `body` is the canonical JSON that `hash` is made of; the searchable columns are generated from it, so
   * that none of them can be altered apart from it.
   */
  readonly events: {
    readonly sequence: number;
    readonly body: string;
    readonly hash: string;
    readonly id: Generated<string>;
    readonly key: Generated<string>;
    readonly rollout: Generated<string | null>;
  };
  readonly measurements: {
    readonly number: Generated<number>;
    readonly rollout: string;
    readonly checkName: string;
    readonly arm: string;
    readonly atMs: number;
    readonly durationMs: number;
    readonly requests: number;
    readonly errors: number;
    readonly latency: string | null;
    readonly value: number | null;
  };
}

/**
 * One entry a version of the file, applied in order, each in a transaction with its number (`user_version`). An entry that
 * was published is never changed.
 */
export const migrations: readonly string[] = [
  `
  create table canaries (key text primary key, version integer not null, body text not null) strict;

  create table rollouts (
    name text primary key,
    key text not null,
    version integer not null,
    createdAtMs integer not null,
    ended integer not null,
    body text not null
  ) strict;
  create index rolloutsOfKey on rollouts (key, createdAtMs desc, name desc);
  create index runningRollouts on rollouts (name) where ended = 0;

  create table actions (
    number integer primary key autoincrement,
    id text not null unique,
    rollout text not null,
    body text not null
  ) strict;
  create index actionsOfRollout on actions (rollout);

  create table hookAnswers (
    number integer primary key autoincrement,
    id text not null unique,
    rollout text not null,
    body text not null
  ) strict;
  create index hookAnswersOfRollout on hookAnswers (rollout);

  create table events (
    sequence integer primary key,
    body text not null,
    hash text not null,
    id text not null generated always as (json_extract(body, '$.id')) virtual,
    key text not null generated always as (json_extract(body, '$.key')) virtual,
    rollout text generated always as (json_extract(body, '$.rollout')) virtual
  ) strict;
  create unique index eventsById on events (id);
  create index eventsOfKey on events (key, sequence);
  create index eventsOfRollout on events (rollout, sequence);
  create trigger eventsStay before update on events begin select raise(abort, 'events are never changed'); end;
  create trigger eventsAreKept before delete on events begin select raise(abort, 'events are never deleted'); end;

  create table measurements (
    number integer primary key autoincrement,
    rollout text not null,
    checkName text not null,
    arm text not null,
    atMs integer not null,
    durationMs integer not null,
    requests real not null,
    errors real not null,
    latency text,
    value real
  ) strict;
  create index measurementsOfRollout on measurements (rollout, number);
  `,
];
