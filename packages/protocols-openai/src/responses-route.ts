import type { AgentRequest } from "@agentscope-runtime/agent-api";
import {
  type Caller,
  findRun,
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
import { parameterError } from "./openai-error.ts";
import { toFinalResponse, toFrames, toResponse } from "./read-response.ts";
import { type ResponsesRequest, toAgentRequest } from "./to-agent-request.ts";

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** `POST /responses`: starts a run and answers with its events, or with the response where `stream` is not true. */
export function responsesRoute(context: ProtocolContext): Handler {
  const { runs, callerOf, assertRoom, stream, wait } = context;
  return async (request, reply) => {
    const params = toAgentRequest(request.body);
    const agent = agentOf(params.request.model, context.agents);
    const caller = callerOf(request);
    const idempotency = idempotencyOf(request);
    const agentRequest = await withSession(params, agent, caller, idempotency !== undefined);
    assertRoom();
    const { run, replayed } = await runs().start(agent, agentRequest, { caller, idempotency });
    reply.header("x-run-id", encodeURIComponent(run.id.toWellFormed()));
    if (replayed) reply.header("idempotent-replayed", "true");
    if (!agentRequest.stream && run.request.background === true)
      return toResponse(run, runs().read(run.id, {}));
    if (!agentRequest.stream) return answer(run, reply);
    const source = (signal: AbortSignal) =>
      toFrames(run, (after) => runs().read(run.id, { after, follow: true, signal }));
    await stream(reply, source, { retry: false });
    return reply;
  };

  /** The request as one of the session that it goes on with. */
  async function withSession(
    { request, previousResponseId, user }: ResponsesRequest,
    agent: HostedAgent,
    caller: Caller,
    mayRepeat: boolean,
  ): Promise<AgentRequest> {
    // With credentials it is these that say who asks.
    const userId = caller.userId ?? user ?? null;
    if (previousResponseId === undefined) {
      return { ...request, session_id: request.session_id ?? newChainId(), user_id: userId };
    }
    const { id, session, status } = await previousRun(previousResponseId, agent, caller);
    if (userId !== null && userId !== session.userId) throw notFound(previousResponseId);
    const [latest] = (await listRuns(runs(), { ...session, limit: 1 }, caller)).items;
    // A request that is sent again with its idempotency key meets the run that it started.
    const isRepeated = mayRepeat && latest?.request.previous_response_id === id;
    if (latest?.id !== id && !isRepeated) {
      const message = `Response '${id}' was continued already: only the latest one of a conversation can be.`;
      throw parameterError("previous_response_id", "unsupported_value", message);
    }
    const waits = status === "incomplete" ? { continues: id } : {};
    return { ...request, session_id: session.sessionId, user_id: session.userId, ...waits };
  }

  async function previousRun(runId: string, agent: HostedAgent, caller: Caller): Promise<RunRecord> {
    try {
      const run = await findRun(runs(), agent.name, runId, caller);
      if (run.request.store !== false) return run;
    } catch (error) {
      if (!RuntimeError.is(error) || !GONE.has(error.code)) throw error;
    }
    throw notFound(runId);
  }

  async function answer(run: RunRecord, reply: FastifyReply): Promise<unknown> {
    const response = await wait(reply, (signal) =>
      toFinalResponse(run, runs().read(run.id, { follow: true, signal })),
    );
    return response ?? reply;
  }
}

const GONE: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "RUN_EXPIRED"]);

function notFound(id: string): RuntimeError {
  const message = `Previous response with id '${id}' not found.`;
  return parameterError("previous_response_id", "previous_response_not_found", message);
}
