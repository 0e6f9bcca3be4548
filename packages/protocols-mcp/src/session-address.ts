import type { SessionKey } from "@agentscope-runtime/core";

/** Which page of which session a resource is. */
export interface SessionAddress {
  readonly agent: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly cursor: string | undefined;
}

/** The address of a session, as clients see it. */
export function toSessionUri(agent: string, { userId, sessionId }: SessionKey): string {
  return `session://${[agent, userId, sessionId].map((part) => encodeURIComponent(part.toWellFormed())).join("/")}`;
}

/** What is at that address, or `undefined` if it is no session's. */
export function fromSessionUri(uri: string): SessionAddress | undefined {
  const [, ...parts] = /^session:\/\/([^/?]+)\/([^/?]+)\/([^/?]+)(?:\?cursor=([\w-]+))?$/.exec(uri) ?? [];
  const [agent, userId, sessionId] = parts.slice(0, 3).map(decoded);
  if (!agent || !userId || !sessionId) return undefined;
  return { agent, userId, sessionId, cursor: parts[3] };
}

function decoded(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? "");
  } catch {
    return "";
  }
}
