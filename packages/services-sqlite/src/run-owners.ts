import { type SqliteQueries, toSqlText } from "./sqlite-queries.ts";

/** Takes note of an owner, and returns how long it had been silent, in milliseconds; 0 for a new one. */
export function hearOwner(queries: SqliteQueries, owner: string, now: number): number {
  const key = toSqlText(owner);
  const heardAt = queries.get<{ heardAt: number }>(HEARD_AT, key)?.heardAt ?? now;
  queries.run(HEAR, key, now);
  return now - heardAt;
}

const HEARD_AT = "SELECT heard_at AS heardAt FROM run_owners WHERE owner = ?";
const HEAR = `
  INSERT INTO run_owners (owner, heard_at) VALUES (?, ?)
  ON CONFLICT (owner) DO UPDATE SET heard_at = excluded.heard_at`;
