import type { Caller, HostedAgent, ProtocolContext, RunSession, RunSummary } from "@agentscope-runtime/core";
import { knownSession } from "./known-session.ts";
import { parameterError } from "./openai-error.ts";

export interface ConversationSessionOptions {
  readonly caller: Caller;
  /** Whom the request names. */
  readonly user: string | undefined;
}

export interface ConversationSession {
  readonly session: RunSession;
  /** Its last run. */
  readonly latest: RunSummary | undefined;
}

/**
 * The session that `conversation` names: the caller's, or, where nobody has to say who they are, that which is known by
 * its id alone, or else the user's, which may be new. Rejects with `INVALID_PARAMETER` where it is another agent's.
 */
export async function conversationSession(
  { agents, runs }: ProtocolContext,
  agent: HostedAgent,
  sessionId: string,
  { caller, user }: ConversationSessionOptions,
): Promise<ConversationSession> {
  const userId = caller.userId ?? (user === undefined || (await isKnownAs(sessionId)) ? sessionId : user);
  const session = { agent: agent.name, userId, sessionId };
  const latest = (await runs().list({ ...session, limit: 1 }, caller)).items[0];
  if (latest === undefined && !(await knows(agent, userId)) && (await isKnownAs(userId))) {
    const message = `Conversation '${sessionId}' is one with another agent than ${agent.name}.`;
    throw parameterError("conversation", "unsupported_value", message);
  }
  return { session, latest };

  async function isKnownAs(owner: string): Promise<boolean> {
    for (const served of agents) if (await knows(served.agent(), owner)) return true;
    return false;
  }

  async function knows(asked: HostedAgent, owner: string): Promise<boolean> {
    return (await knownSession(runs(), asked, { sessionId, userId: owner }, caller)) !== undefined;
  }
}
