import { idempotencyOf, type ProtocolContext } from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { createResponse } from "./create-response.ts";
import { toFinalResponse, toFrames, toResponse } from "./read-response.ts";
import { toAgentRequest } from "./to-agent-request.ts";

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** `POST /responses`: starts a run and answers with its events, or with the response where `stream` is not true. */
export function responsesRoute(context: ProtocolContext): Handler {
  const { runs, callerOf, assertRoom, stream, wait } = context;
  return async (request, reply) => {
    const params = toAgentRequest(request.body, context);
    const idempotency = idempotencyOf(request);
    assertRoom();
    const { run, replayed } = await createResponse(context, params, {
      caller: callerOf(request),
      idempotency,
    });
    reply.header("x-run-id", encodeURIComponent(run.id.toWellFormed()));
    if (replayed) reply.header("idempotent-replayed", "true");
    const streams = params.request.stream;
    if (!streams && run.request.background === true) return toResponse(run, runs().read(run.id, {}));
    if (!streams) {
      const response = await wait(reply, (signal) =>
        toFinalResponse(run, runs().read(run.id, { follow: true, signal })),
      );
      return response ?? reply;
    }
    const source = (signal: AbortSignal) =>
      toFrames(run, (after) => runs().read(run.id, { after, follow: true, signal }));
    await stream(reply, source, { retry: false });
    return reply;
  };
}
