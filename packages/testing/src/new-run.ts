import { AgentRequest, newResponseId } from "@agentscope-runtime/agent-api";
import type { NewRun, SessionKey } from "@agentscope-runtime/core";
import { responseEntry } from "./log-entries.ts";
import { textMessage } from "./text-message.ts";

export interface NewRunOptions extends Partial<Omit<NewRun, "session" | "request" | "created">> {
  readonly id?: string | undefined;
  readonly session?: Partial<SessionKey> | undefined;
  /** What the user says. */
  readonly text?: string | undefined;
}

/** A run to create: of a session and with an id of its own, unless told otherwise. */
export function newRun({
  id = newResponseId(),
  session,
  text = "Hello",
  ...rest
}: NewRunOptions = {}): NewRun {
  const key = {
    agent: session?.agent ?? "agent",
    userId: session?.userId ?? "user",
    sessionId: session?.sessionId ?? `session_${crypto.randomUUID()}`,
  };
  const ids = { id, session_id: key.sessionId, user_id: key.userId };
  return {
    session: key,
    request: { ...AgentRequest.parse({ input: [textMessage(text)] }), ...ids },
    createdAt: Date.now(),
    created: responseEntry(0, id, "created"),
    policy: "enqueue",
    maxQueued: 100,
    owner: "owner",
    ...rest,
  };
}
