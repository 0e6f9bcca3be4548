import type { Session } from "@agentscope-runtime/core";

/** A session as {@link sessionColumns} give it. The numbers may come as texts. */
export interface SessionRow {
  readonly key: string;
  readonly name: string | null;
  readonly metadata: string;
  readonly created_at: number | string;
  readonly updated_at: number | string;
  readonly message_count: number | string;
  readonly revision: number | string;
}

/** What to select of a session, times in milliseconds since the epoch. */
export const sessionColumns: string = `
  key, name, metadata, message_count, revision,
  floor(extract(epoch from created_at) * 1000) as created_at,
  floor(extract(epoch from updated_at) * 1000) as updated_at`;

export function toSession(row: SessionRow): Session {
  const [agent, userId, sessionId] = JSON.parse(row.key) as [string | null, string, string];
  return {
    ...(agent !== null && { agent }),
    userId,
    sessionId,
    ...(row.name !== null && { name: JSON.parse(row.name) as string }),
    metadata: JSON.parse(row.metadata) as Record<string, unknown>,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    messageCount: Number(row.message_count),
  };
}
