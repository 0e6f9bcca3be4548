import type { AgentRequest } from "@agentscope-runtime/agent-api";
import {
  type Caller,
  type Idempotency,
  type ProtocolContext,
  RuntimeError,
  type SessionName,
  type StartedRun,
  type StartRunOptions,
} from "@agentscope-runtime/core";
import { agentOf } from "./agent-of.ts";
import { newChainId } from "./chain-id.ts";
import { isWaiting } from "./chat-end.ts";
import { forkSession } from "./fork-session.ts";
import { parameterError } from "./openai-error.ts";
import { previousResponse } from "./previous-response.ts";
import type { ResponsesRequest } from "./to-agent-request.ts";

export interface CreateResponseOptions {
  readonly caller: Caller;
  readonly idempotency?: Idempotency | undefined;
  /** The responses that can be gone on with although they were not to be stored. */
  readonly unstored?: ReadonlySet<string> | undefined;
}

/** Starts the run of a response, in the session that it goes on with. */
export async function createResponse(
  context: ProtocolContext,
  params: ResponsesRequest,
  { caller, idempotency, unstored }: CreateResponseOptions,
): Promise<StartedRun> {
  const { runs, agents } = context;
  const agent = agentOf(params.request.model, agents);
  const { agentRequest, fork } = await withSession(params);
  return start(agentRequest, { caller, idempotency }, fork);

  /** Starts the run, and leaves nothing of a branch that it does not go on with. */
  async function start(
    request: AgentRequest,
    options: StartRunOptions,
    fork: SessionName | undefined,
  ): Promise<StartedRun> {
    const leave = async () => {
      if (fork !== undefined) await runs().sessions.delete(agent, fork, options.caller);
    };
    try {
      const started = await runs().start(agent, request, options);
      if (started.run.session.sessionId !== request.session_id) await leave();
      return started;
    } catch (error) {
      // By its key another attempt may be at work on the same branch; and who knows what became of the run.
      const refused = RuntimeError.is(error) && error.status < 500;
      if (refused && options.idempotency === undefined) await leave();
      throw error;
    }
  }

  /** The request as one of the session that it goes on with, which may be a new branch of another. */
  async function withSession({
    request,
    previousResponseId,
    user,
  }: ResponsesRequest): Promise<{ readonly agentRequest: AgentRequest; readonly fork?: SessionName }> {
    // With credentials it is these that say who asks.
    const userId = caller.userId ?? user ?? null;
    if (previousResponseId === undefined) {
      const agentRequest = { ...request, session_id: request.session_id ?? newChainId(), user_id: userId };
      return { agentRequest };
    }
    const asker = { caller, userId, unstored };
    const { previous, latest } = await previousResponse(runs(), agent, previousResponseId, asker);
    const { id, session, status } = previous;
    const ids = { session_id: session.sessionId, user_id: session.userId };
    const ended = status === "incomplete" ? await runs().result(id) : undefined;
    const waits = ended !== undefined && isWaiting(ended);
    // An answer whose run has failed was not heard.
    const isOpen = latest?.request.continues === id && UNHEARD.has(latest.status);
    if (latest?.id === id || (waits && isOpen)) {
      return { agentRequest: { ...request, ...ids, ...(waits ? { continues: id } : {}) } };
    }
    const mayRepeat = idempotency !== undefined && latest?.request.previous_response_id === id;
    // What was declined must not be approved in a branch.
    if (waits && !mayRepeat && request.input.some(isApproval)) {
      const message = `Response '${id}' was answered already: what it asks is approved or declined once.`;
      throw parameterError("previous_response_id", "unsupported_value", message);
    }
    try {
      const fork = await forkSession(runs(), agent, previous, { caller, key: idempotency?.key });
      return { agentRequest: { ...request, ...ids, session_id: fork.sessionId }, fork };
    } catch (error) {
      // A request that is sent again with its idempotency key meets the run that it started.
      if (!mayRepeat || !RuntimeError.is(error) || error.code !== "INVALID_PARAMETER") throw error;
      return { agentRequest: { ...request, ...ids } };
    }
  }
}

const UNHEARD: ReadonlySet<string> = new Set(["failed", "rejected"]);

function isApproval({ type }: AgentRequest["input"][number]): boolean {
  return type === "mcp_approval_response";
}
