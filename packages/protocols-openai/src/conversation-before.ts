import type { Message } from "@agentscope-runtime/agent-api";
import {
  type Caller,
  type HostedAgent,
  type ProtocolContext,
  type RunSession,
  type RunSummary,
  type Runs,
  RuntimeError,
} from "@agentscope-runtime/core";
import { conversationSession } from "./conversation-session.ts";
import { messagesUpTo } from "./fork-session.ts";
import { parameterError } from "./openai-error.ts";
import { previousResponse } from "./previous-response.ts";
import { sessionMessages } from "./session-messages.ts";
import type { ResponsesRequest } from "./to-agent-request.ts";

export interface ConversationBeforeOptions {
  readonly caller: Caller;
  /** Whether a response that has not ended is refused, with `INVALID_PARAMETER`. */
  readonly ended: boolean;
}

/**
 * The messages that a response to this request would go on with: none, those of its `conversation`, or those up to the
 * response that it names. Rejects where the response could not be created. Of an agent that keeps no history it is what
 * the runs of the session got and said.
 */
export async function conversationBefore(
  context: ProtocolContext,
  agent: HostedAgent,
  { request, previousResponseId, user }: ResponsesRequest,
  { caller, ended }: ConversationBeforeOptions,
): Promise<readonly Message[]> {
  const runs = context.runs();
  if (previousResponseId === undefined) {
    if (request.session_id === null) return [];
    const { session } = await conversationSession(context, agent, request.session_id, { caller, user });
    return wholeSession(runs, agent, session, caller);
  }
  const userId = caller.userId ?? user ?? null;
  const { previous, latest } = await previousResponse(runs, agent, previousResponseId, { caller, userId });
  if (ended && previous.completedAt === undefined) {
    const message = `Response '${previous.id}' has not ended yet.`;
    throw parameterError("previous_response_id", "unsupported_value", message);
  }
  const isLatest = latest?.id === previous.id;
  return isLatest
    ? wholeSession(runs, agent, previous.session, caller)
    : messagesUpTo(runs, agent, previous, caller);
}

async function wholeSession(
  runs: Runs,
  agent: HostedAgent,
  { sessionId, userId }: { readonly sessionId: string; readonly userId: string },
  caller: Caller,
): Promise<readonly Message[]> {
  try {
    return await sessionMessages(runs, agent, { sessionId, userId }, caller);
  } catch (error) {
    if (!RuntimeError.is(error)) throw error;
    if (error.code === "RESOURCE_NOT_FOUND") return [];
    if (error.code !== "UNSUPPORTED") throw error;
    return messagesOfRuns(runs, { agent: agent.name, sessionId, userId }, caller);
  }
}

async function messagesOfRuns(runs: Runs, session: RunSession, caller: Caller): Promise<readonly Message[]> {
  const newest: RunSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = await runs.list({ ...session, cursor }, caller);
    newest.push(...page.items.filter(({ expired }) => !expired));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  const messages: Message[] = [];
  for (const { id, completedAt } of newest.reverse()) {
    const { request } = await runs.get(session.agent, id, caller);
    const result = completedAt === undefined ? undefined : await runs.result(id);
    messages.push(...request.input, ...(result?.output ?? []));
  }
  return messages;
}
