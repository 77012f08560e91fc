import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { type SqliteDatabase, SqliteDialect } from 'kysely';

/** Statements that are kept prepared; what the record asks for is fewer. */
const keptStatements = 100;

/** Kysely's SQLite dialect on `node:sqlite`, which has better-sqlite3's shape but for two names. */
export function dialectOf(database: DatabaseSync): SqliteDialect {
  const prepared = new Map<string, ReturnType<SqliteDatabase['prepare']>>();
  const shim: SqliteDatabase = {
    close: () => database.close(),
    prepare: (sql) => {
      const known = prepared.get(sql);
      if (known !== undefined) return known;
      const statement = database.prepare(sql);
      const wrapped = {
        reader: statement.columns().length > 0,
        all: (parameters: readonly unknown[]) => statement.all(...(parameters as SQLInputValue[])),
        run: (parameters: readonly unknown[]) => statement.run(...(parameters as SQLInputValue[])),
        iterate: (parameters: readonly unknown[]) => statement.iterate(...(parameters as SQLInputValue[])),
      };
      if (prepared.size >= keptStatements) prepared.clear();
      prepared.set(sql, wrapped);
      return wrapped;
    },
  };
  return new SqliteDialect({ database: shim });
}
