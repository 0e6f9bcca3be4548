import { RuntimeError } from "@agentscope-runtime/core";
import { shortenFenceKeys } from "./fences.ts";
import { RUN_CONTINUATIONS } from "./run-continuations.ts";
import { RUN_TABLES } from "./run-tables.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";

/**
 * Brings the tables up to date, in one transaction, however many processes do so at once. Throws `CONFIGURATION_ERROR`
 * for a file of a newer version.
 */
export function migrate(connection: SqliteConnection): void {
  if (versionOf(connection) === MIGRATIONS.length) return;
  connection.transaction(() => {
    // Asked again: another process may have migrated before this one had the lock.
    const version = versionOf(connection);
    if (version > MIGRATIONS.length) {
      throw new RuntimeError(
        "CONFIGURATION_ERROR",
        `The file was written by a newer version of this package (its tables are at ${version}, known are ${MIGRATIONS.length}): upgrade.`,
      );
    }
    for (const migration of MIGRATIONS.slice(version)) {
      if (typeof migration === "string") connection.execute(migration);
      else migration(connection);
    }
    connection.run(`PRAGMA application_id = ${APPLICATION_ID}`);
    connection.run(`PRAGMA user_version = ${MIGRATIONS.length}`);
  });
}

/** Throws `CONFIGURATION_ERROR` for a file that holds the tables of another program. */
export function assertOurs(connection: SqliteConnection): void {
  // In this order: tables that are there by then were committed together with the id.
  const tables = connection.get<{ count: number }>("SELECT count(*) AS count FROM sqlite_schema");
  const id = connection.get<{ application_id: number }>("PRAGMA application_id");
  if (tables?.count !== 0 && id?.application_id !== APPLICATION_ID) {
    throw new RuntimeError("CONFIGURATION_ERROR", "The file is the database of another program.");
  }
}

function versionOf(connection: SqliteConnection): number {
  return connection.get<{ user_version: number }>("PRAGMA user_version")?.user_version ?? 0;
}

/** Marks the file as ours: `ASRT`. */
const APPLICATION_ID = 0x41535254;

/**
 * From each version of the tables to the next; what was released is never changed. Owners, sessions, ids, names and
 * messages are JSON texts. A `place` is never used twice, which is what cursors rely on.
 */
const MIGRATIONS: readonly (string | ((connection: SqliteConnection) => void))[] = [
  `
  CREATE TABLE fences (session TEXT PRIMARY KEY, fence INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE states (
    session TEXT NOT NULL,
    round INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (session, round)
  ) STRICT;

  CREATE TABLE sessions (
    number INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    message_count INTEGER NOT NULL,
    name TEXT,
    metadata TEXT NOT NULL,
    UNIQUE (owner, id),
    UNIQUE (owner, revision)
  ) STRICT;

  CREATE TABLE messages (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
    id TEXT NOT NULL,
    message TEXT NOT NULL,
    UNIQUE (session, id)
  ) STRICT;
  CREATE INDEX messages_by_place ON messages (session, place);

  CREATE TABLE memory_owners (number INTEGER PRIMARY KEY, owner TEXT NOT NULL UNIQUE) STRICT;

  CREATE TABLE memories (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    owner INTEGER NOT NULL REFERENCES memory_owners ON DELETE CASCADE,
    session TEXT NOT NULL,
    id TEXT NOT NULL,
    message TEXT NOT NULL,
    UNIQUE (owner, session, id)
  ) STRICT;
  CREATE INDEX memories_by_place ON memories (owner, place);
  CREATE INDEX memories_of_session_by_place ON memories (owner, session, place);

  CREATE TABLE memory_terms (
    owner INTEGER NOT NULL,
    term TEXT NOT NULL,
    memory INTEGER NOT NULL REFERENCES memories ON DELETE CASCADE,
    PRIMARY KEY (owner, term, memory)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX memory_terms_by_memory ON memory_terms (memory);
  `,
  RUN_TABLES,
  shortenFenceKeys,
  RUN_CONTINUATIONS,
];
