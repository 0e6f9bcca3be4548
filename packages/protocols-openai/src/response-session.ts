import type { AgentRequest } from "@agentscope-runtime/agent-api";
import {
  type Caller,
  type HostedAgent,
  type Idempotency,
  type ProtocolContext,
  RuntimeError,
  type SessionName,
} from "@agentscope-runtime/core";
import { newChainId } from "./chain-id.ts";
import { isWaiting } from "./chat-end.ts";
import { conversationSession } from "./conversation-session.ts";
import { forkSession } from "./fork-session.ts";
import { parameterError } from "./openai-error.ts";
import { previousResponse } from "./previous-response.ts";
import type { ResponsesRequest } from "./to-agent-request.ts";
import { isUnheard, waitingRun } from "./waiting-run.ts";

export interface ResponseSessionOptions {
  readonly caller: Caller;
  readonly idempotency?: Idempotency | undefined;
  /** The responses that can be gone on with although they were not to be stored. */
  readonly unstored?: ReadonlySet<string> | undefined;
}

export interface RequestInSession {
  readonly agentRequest: AgentRequest;
  /** The session, where it was made as a branch of another. */
  readonly fork?: SessionName;
}

/**
 * The request as one of the session that it goes on with, which may be a new branch of another. Rejects with
 * `INVALID_PARAMETER` where there is none, or where it approves or declines what nobody waits for.
 */
export async function withSession(
  context: ProtocolContext,
  agent: HostedAgent,
  { request, previousResponseId, user }: ResponsesRequest,
  { caller, idempotency, unstored }: ResponseSessionOptions,
): Promise<RequestInSession> {
  const runs = context.runs();
  // With credentials it is these that say who asks.
  const userId = caller.userId ?? user ?? null;
  if (previousResponseId !== undefined) return afterResponse(previousResponseId);
  if (request.session_id !== null) return { agentRequest: await inConversation(request.session_id) };
  return { agentRequest: { ...request, session_id: newChainId(), user_id: userId } };

  async function inConversation(id: string): Promise<AgentRequest> {
    const { session, latest } = await conversationSession(context, agent, id, { caller, user });
    const named = { ...request, session_id: session.sessionId, user_id: session.userId };
    const asked = await waitingRun(runs, latest, caller);
    if (asked !== undefined) return { ...named, continues: asked.id };
    if (latest === undefined || !request.input.some(isApproval)) return named;
    const answered = latest.request.continues;
    // A request that is sent again with its idempotency key meets the run that it started.
    if (idempotency !== undefined && answered !== undefined) return { ...named, continues: answered };
    const message = `Conversation '${id}' waits for no approval: what was asked is approved or declined once.`;
    throw parameterError("conversation", "unsupported_value", message);
  }

  async function afterResponse(responseId: string): Promise<RequestInSession> {
    const asker = { caller, userId, unstored };
    const { previous, latest } = await previousResponse(runs, agent, responseId, asker);
    const { id, session, status } = previous;
    const ids = { session_id: session.sessionId, user_id: session.userId };
    const ended = status === "incomplete" ? await runs.result(id) : undefined;
    const waits = ended !== undefined && isWaiting(ended);
    // An answer whose run has failed was not heard.
    const isOpen = latest?.request.continues === id && isUnheard(latest);
    const approves = request.input.some(isApproval);
    if (waits && (latest?.id === id || isOpen)) {
      return { agentRequest: { ...request, ...ids, continues: id } };
    }
    const mayRepeat = idempotency !== undefined && latest?.request.previous_response_id === id;
    // What was declined must not be approved in a branch, nor behind the answer.
    if (approves && !mayRepeat) {
      const why = waits ? "was answered already" : "waits for no approval";
      const message = `Response '${id}' ${why}: what is asked is approved or declined once.`;
      throw parameterError("previous_response_id", "unsupported_value", message);
    }
    if (latest?.id === id) return { agentRequest: { ...request, ...ids } };
    try {
      const fork = await forkSession(runs, agent, previous, { caller, key: idempotency?.key });
      return { agentRequest: { ...request, ...ids, session_id: fork.sessionId }, fork };
    } catch (error) {
      // A request that is sent again with its idempotency key meets the run that it started.
      if (!mayRepeat || !RuntimeError.is(error) || error.code !== "INVALID_PARAMETER") throw error;
      return { agentRequest: { ...request, ...ids } };
    }
  }
}

function isApproval({ type }: AgentRequest["input"][number]): boolean {
  return type === "mcp_approval_response";
}
