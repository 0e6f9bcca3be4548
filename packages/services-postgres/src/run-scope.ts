import { sessionKeyText } from "@agentscope-runtime/core";
import { digest } from "./digest.ts";
import { idDigest } from "./id-digest.ts";

export interface RunScope {
  readonly agent: string;
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
}

/** What the runs of an agent, or of a user or a session of it, or of both, are found by. */
export function scopeDigest({ agent, userId, sessionId }: RunScope): Buffer {
  if (userId !== undefined && sessionId !== undefined) {
    return digest(sessionKeyText({ agent, userId, sessionId }));
  }
  if (userId === undefined && sessionId === undefined) return idDigest(agent);
  return digest(JSON.stringify([agent, userId ?? sessionId]));
}
