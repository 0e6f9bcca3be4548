import { idempotencyOf, type ProtocolContext } from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { agentOf } from "./agent-of.ts";
import { withSchemaAt } from "./answer-format.ts";
import { toChatRequest } from "./chat-request.ts";
import { withChatSession } from "./chat-session.ts";
import { toChatFrames, toFinalCompletion } from "./to-chat-answer.ts";

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** `POST /chat/completions`: starts a run and answers with its chunks, or with the completion where `stream` is not true. */
export function chatRoute(context: ProtocolContext): Handler {
  const { runs, callerOf, assertRoom, stream, wait } = context;
  return async (request, reply) => {
    const params = toChatRequest(request.body);
    const agent = agentOf(params.request.model, context.agents);
    const caller = callerOf(request);
    const idempotency = idempotencyOf(request);
    const agentRequest = await withChatSession(params, { runs: runs(), agent, caller, idempotency });
    assertRoom();
    const { run, replayed } = await withSchemaAt("response_format", () =>
      runs().start(agent, agentRequest, { caller, idempotency }),
    );
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
}
