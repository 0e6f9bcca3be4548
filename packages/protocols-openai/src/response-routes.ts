import type { ProtocolContext, RunRecord } from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { deleteLoneRun } from "./delete-lone-run.ts";
import { findResponse } from "./find-response.ts";
import { ItemListQuery, toItemList } from "./item-list.ts";
import { parameterError } from "./openai-error.ts";
import { parseParams } from "./parse-params.ts";
import { toFinalResponse, toFrames, toResponse } from "./read-response.ts";
import { toItems } from "./to-items.ts";

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** `GET /responses/:id`: the response as it is by now, or its events from any of them on. */
export function retrieveRoute(context: ProtocolContext): Handler {
  const { runs, assertRoom, stream } = context;
  return async (request, reply) => {
    const { stream: streams, starting_after } = parseParams(RetrieveQuery, request.query);
    const run = await find(context, request);
    if (streams !== "true") return toResponse(run, runs().read(run.id, {}));
    assertRoom();
    const source = (signal: AbortSignal) =>
      toFrames(run, (after) => runs().read(run.id, { after, follow: true, signal }), starting_after);
    await stream(reply, source, { retry: false });
    return reply;
  };
}

/** `POST /responses/:id/cancel`: ends a response in the background, or a run of another protocol, and answers with its end. */
export function cancelRoute(context: ProtocolContext): Handler {
  const { runs, assertRoom, wait } = context;
  return async (request, reply) => {
    const run = await find(context, request);
    if (run.request.background === false) {
      throw parameterError(
        "response_id",
        "invalid_value",
        "Only a response in the background can be cancelled.",
      );
    }
    assertRoom();
    await runs().cancel(run.id, { reason: "The response was cancelled." });
    const ended = await wait(reply, (signal) =>
      toFinalResponse(run, runs().read(run.id, { follow: true, signal })),
    );
    return ended ?? reply;
  };
}

/**
 * `DELETE /responses/:id`: deletes the response with all there is of it. One that shares a session with others can't be
 * taken out of it.
 */
export function deleteRoute(context: ProtocolContext): Handler {
  return async (request, reply) => {
    const run = await find(context, request);
    const { id } = run;
    const shared = () => {
      const message = `Response '${id}' is part of a conversation, which can only be deleted as a whole.`;
      return parameterError("response_id", "unsupported_value", message);
    };
    const answer = { id, object: "response", deleted: true };
    return deleteLoneRun(context, run, { request, reply, answer, shared });
  };
}

/** `GET /responses/:id/input_items`: what the response was asked with, without what came before. */
export function inputItemsRoute(context: ProtocolContext): Handler {
  return async (request) => {
    const query = parseParams(ItemListQuery, request.query);
    const run = await find(context, request);
    return toItemList(toItems(run.request.input), query);
  };
}

function find(context: ProtocolContext, request: FastifyRequest): Promise<RunRecord> {
  const { id } = request.params as { readonly id: string };
  return findResponse(context, id, context.callerOf(request));
}

const RetrieveQuery = z.object({
  stream: z.enum(["true", "false"]).optional(),
  // An empty text would be taken for 0.
  starting_after: z.preprocess((after) => after || undefined, z.coerce.number().int().min(0).optional()),
});
