import { ownerText, type Session, type SessionKey } from "@agentscope-runtime/core";
import { fromSqlText, toSqlText } from "./sqlite-queries.ts";

/** A session as the table holds it. */
export interface SessionRow {
  readonly number: number;
  readonly id: string;
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly messageCount: number;
  readonly name: string | null;
  readonly metadata: string;
}

/** The columns of a {@link SessionRow}. */
export const SESSION_COLUMNS = `number, id, revision, created_at AS createdAt, updated_at AS updatedAt,
  message_count AS messageCount, name, metadata`;

/** The `owner` and the `id` of the session in the table. */
export function sessionKeyOf(session: SessionKey): readonly [owner: string, id: string] {
  return [ownerText(session), toSqlText(session.sessionId)];
}

export function sessionIdOf({ id }: SessionRow): string {
  return fromSqlText(id);
}

/** The session of that key, which the table holds as `row`. */
export function toSession({ agent, userId, sessionId }: SessionKey, row: SessionRow): Session {
  return {
    ...(agent !== undefined && { agent }),
    userId,
    sessionId,
    ...(row.name !== null && { name: fromSqlText(row.name) }),
    metadata: JSON.parse(row.metadata) as Record<string, unknown>,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    messageCount: row.messageCount,
  };
}
