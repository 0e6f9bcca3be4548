import type { Session, SessionKey } from "@agentscope-runtime/core";
import { z } from "zod";

/** The session of a record that a script returned. */
export function toSession({ agent, userId, sessionId }: SessionKey, reply: unknown): Session {
  const [created, revision, name, metadata, messageCount] = SessionRecord.parse(reply);
  return {
    ...(agent !== undefined && { agent }),
    userId,
    sessionId,
    ...(name !== null && { name: JSON.parse(name) as string }),
    metadata: metadata === null ? {} : (JSON.parse(metadata) as Record<string, unknown>),
    createdAt: Math.floor(created / 1000),
    updatedAt: Math.floor(revision / 1000),
    messageCount,
  };
}

/** Times are in microseconds. */
const SessionRecord = z.tuple([
  z.coerce.number(),
  z.coerce.number(),
  z.string().nullable(),
  z.string().nullable(),
  z.coerce.number(),
]);
