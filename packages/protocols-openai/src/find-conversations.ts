import {
  type Caller,
  type HostedAgent,
  type ProtocolContext,
  RuntimeError,
  type Session,
  type SessionName,
} from "@agentscope-runtime/core";

/** A session as clients of the Conversations API know it. */
export interface Conversation {
  readonly agent: HostedAgent;
  readonly name: SessionName;
  readonly session: Session;
}

/**
 * The conversations of that id, one for each agent that has it, in the agents' order; rejects with `RESOURCE_NOT_FOUND` where
 * there is none, or with `UNSUPPORTED` where no agent keeps a history.
 */
export async function findConversations(
  { agents, runs }: ProtocolContext,
  id: string,
  caller: Caller,
): Promise<readonly [Conversation, ...Conversation[]]> {
  const name = { sessionId: id };
  const found: Conversation[] = [];
  let unsupported: unknown;
  let supported = id.length > MAX_ID_LENGTH;
  for (const served of supported ? [] : agents) {
    const agent = served.agent();
    try {
      found.push({ agent, name, session: await runs().sessions.get(agent, name, caller) });
    } catch (error) {
      if (!RuntimeError.is(error)) throw error;
      if (error.code === "RESOURCE_NOT_FOUND") supported = true;
      else if (error.code === "UNSUPPORTED") unsupported = error;
      else throw error;
    }
  }
  const [first, ...others] = found;
  if (first !== undefined) return [first, ...others];
  if (!supported && unsupported !== undefined) throw unsupported;
  throw notFound("conversation", id);
}

/** The error about an id of which there is no such thing. */
export function notFound(what: "conversation" | "item", id: string): RuntimeError {
  const shown = id.slice(0, MAX_ID_LENGTH);
  const message = `${what === "item" ? "Item" : "Conversation"} with id '${shown}' not found.`;
  const details = { param: `${what}_id`, code: `${what}_not_found` };
  return new RuntimeError("RESOURCE_NOT_FOUND", message, { details });
}

/** The conversation as it is answered. */
export function toConversation({
  sessionId,
  createdAt,
  metadata,
}: Session): Readonly<Record<string, unknown>> {
  return { id: sessionId, object: "conversation", created_at: Math.floor(createdAt / 1000), metadata };
}

const MAX_ID_LENGTH = 1024;
