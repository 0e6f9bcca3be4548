import type { AgentRequest } from "@agentscope-runtime/agent-api";
import {
  type Caller,
  type HostedAgent,
  idempotencyOf,
  listRuns,
  type ProtocolContext,
  type RunRecord,
  RuntimeError,
} from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { agentOf } from "./agent-of.ts";
import { newChainId } from "./chain-id.ts";
import { isWaiting } from "./chat-end.ts";
import { type ChatRequest, toChatRequest } from "./chat-request.ts";
import { parameterError } from "./openai-error.ts";
import { toChatFrames, toFinalCompletion } from "./to-chat-answer.ts";

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** `POST /chat/completions`: starts a run and answers with its chunks, or with the completion where `stream` is not true. */
export function chatRoute(context: ProtocolContext): Handler {
  const { runs, callerOf, assertRoom, stream, wait } = context;
  return async (request, reply) => {
    const params = toChatRequest(request.body);
    const agent = agentOf(params.request.model, context.agents);
    const caller = callerOf(request);
    const agentRequest = await withSession(params, agent, caller);
    assertRoom();
    const idempotency = idempotencyOf(request);
    const { run, replayed } = await runs().start(agent, agentRequest, { caller, idempotency });
    reply.header("x-run-id", encodeURIComponent(run.id.toWellFormed()));
    if (replayed) reply.header("idempotent-replayed", "true");
    // The agent has worked already: another attempt would be another run.
    reply.header("x-should-retry", "false");
    const batches = (signal: AbortSignal) => runs().read(run.id, { follow: true, signal });
    if (!agentRequest.stream) {
      return (await wait(reply, (signal) => toFinalCompletion(run, batches(signal)))) ?? reply;
    }
    await stream(reply, (signal) => toChatFrames(run, batches(signal)), { retry: false });
    return reply;
  };

  /** The request as one of the session that it names, of whose messages the agent has all but the new ones. */
  async function withSession(
    { request, added, user, sessionId }: ChatRequest,
    agent: HostedAgent,
    caller: Caller,
  ): Promise<AgentRequest> {
    // With credentials it is these that say who asks.
    const userId = caller.userId ?? user ?? null;
    if (sessionId === undefined) return { ...request, session_id: newChainId(), user_id: userId };
    const session = { sessionId, userId: userId ?? sessionId };
    const named = { ...request, session_id: session.sessionId, user_id: session.userId };
    const [latest] = (await listRuns(runs(), { agent: agent.name, ...session, limit: 1 }, caller)).items;
    if (latest === undefined && !(await isRemembered(agent, session, caller))) return named;
    if (added.length === 0) {
      const message = "messages: the last one is the assistant's, which the session has already.";
      throw parameterError("messages", "invalid_value", message);
    }
    const waits = latest !== undefined && (await isWaitingRun(latest)) ? { continues: latest.id } : {};
    return { ...named, input: added, ...waits };
  }

  async function isWaitingRun({ id, status, expired }: RunRecord): Promise<boolean> {
    if (status !== "incomplete" || expired) return false;
    const response = await runs().result(id);
    return response !== undefined && isWaiting(response);
  }

  /** True if the app's history knows the session, though its runs may be gone. */
  async function isRemembered(
    agent: HostedAgent,
    session: { readonly sessionId: string; readonly userId: string },
    caller: Caller,
  ): Promise<boolean> {
    try {
      return (await runs().sessions.get(agent, session, caller)).messageCount > 0;
    } catch (error) {
      if (RuntimeError.is(error) && NO_HISTORY.has(error.code)) return false;
      throw error;
    }
  }
}

const NO_HISTORY: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "UNSUPPORTED"]);
