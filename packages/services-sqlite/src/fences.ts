import { RuntimeError, type SessionHandle, sessionKeyText } from "@agentscope-runtime/core";
import type { SqliteQueries } from "./sqlite-queries.ts";

/** True where {@link noteFence} would change nothing. */
export function isFenceNoted(queries: SqliteQueries, session: SessionHandle): boolean {
  return session.fence === undefined || session.fence <= (highestFence(queries, session) ?? -Infinity);
}

/** Takes note of the fence of a session that is read. */
export function noteFence(queries: SqliteQueries, session: SessionHandle): void {
  if (session.fence === undefined || isFenceNoted(queries, session)) return;
  queries.run(RAISE_FENCE, sessionKeyText(session), session.fence);
}

/** Takes note of the fence of a session that is to be written; throws `FENCED` where a higher one was seen. */
export function admitFence(queries: SqliteQueries, session: SessionHandle): void {
  if (session.fence === undefined) return;
  if (session.fence < (highestFence(queries, session) ?? -Infinity)) {
    throw new RuntimeError("FENCED", "A later run of the session has taken over: this one may not write.");
  }
  noteFence(queries, session);
}

function highestFence(queries: SqliteQueries, session: SessionHandle): number | undefined {
  return queries.get<{ fence: number }>(HIGHEST_FENCE, sessionKeyText(session))?.fence;
}

const HIGHEST_FENCE = "SELECT fence FROM fences WHERE session = ?";
const RAISE_FENCE = `
  INSERT INTO fences (session, fence) VALUES (?, ?) ON CONFLICT (session) DO UPDATE SET fence = excluded.fence`;
