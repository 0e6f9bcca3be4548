import { createHash } from "node:crypto";
import { RuntimeError, type SessionHandle, sessionKeyText } from "@agentscope-runtime/core";
import type { SqliteConnection } from "./sqlite-connection.ts";
import type { SqliteQueries } from "./sqlite-queries.ts";

/** True where {@link noteFence} would change nothing. */
export function isFenceNoted(queries: SqliteQueries, session: SessionHandle): boolean {
  return session.fence === undefined || session.fence <= (highestFence(queries, session) ?? -Infinity);
}

/** Takes note of the fence of a session that is read. */
export function noteFence(queries: SqliteQueries, session: SessionHandle): void {
  if (session.fence === undefined || isFenceNoted(queries, session)) return;
  queries.run(RAISE_FENCE, digest(sessionKeyText(session)), session.fence);
}

/** Takes note of the fence of a session that is to be written; throws `FENCED` where a higher one was seen. */
export function admitFence(queries: SqliteQueries, session: SessionHandle): void {
  if (session.fence === undefined) return;
  if (session.fence < (highestFence(queries, session) ?? -Infinity)) {
    throw new RuntimeError("FENCED", "A later run of the session has taken over: this one may not write.");
  }
  noteFence(queries, session);
}

/** Migrates the fences of sessions that were kept by the whole key, so that those of deleted ones took as much room. */
export function shortenFenceKeys(connection: SqliteConnection): void {
  connection.execute(
    "CREATE TABLE short_fences (session TEXT PRIMARY KEY, fence INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  );
  for (const { session, fence } of connection.each<FenceRow>("SELECT session, fence FROM fences")) {
    connection.run("INSERT INTO short_fences (session, fence) VALUES (?, ?)", digest(session), fence);
  }
  connection.execute("DROP TABLE fences; ALTER TABLE short_fences RENAME TO fences");
}

interface FenceRow {
  readonly session: string;
  readonly fence: number;
}

function highestFence(queries: SqliteQueries, session: SessionHandle): number | undefined {
  return queries.get<{ fence: number }>(HIGHEST_FENCE, digest(sessionKeyText(session)))?.fence;
}

/** What a session is known by when nothing else is left of it. */
function digest(key: string): string {
  return createHash("sha256").update(key).digest("base64url");
}

const HIGHEST_FENCE = "SELECT fence FROM fences WHERE session = ?";
const RAISE_FENCE = `
  INSERT INTO fences (session, fence) VALUES (?, ?) ON CONFLICT (session) DO UPDATE SET fence = excluded.fence`;
