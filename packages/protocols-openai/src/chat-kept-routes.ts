import { type ProtocolContext, RuntimeError } from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { deleteLoneRun } from "./delete-lone-run.ts";
import { findCompletion } from "./find-completion.ts";
import { type ItemListQuery, itemListFields, toItemList } from "./item-list.ts";
import { parameterError } from "./openai-error.ts";
import { parseParams } from "./parse-params.ts";
import { toChatMessages } from "./to-chat-messages.ts";

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** `GET /chat/completions/:id`: a completion that was to be stored, once it is there. */
export function chatRetrieveRoute(context: ProtocolContext): Handler {
  return async (request) => (await findCompletion(context, request)).completion;
}

/** `GET /chat/completions/:id/messages`: what the agent was asked with. */
export function chatMessagesRoute(context: ProtocolContext): Handler {
  return async (request) => {
    const query = parseParams(MessagesQuery, request.query);
    const { run } = await findCompletion(context, request);
    return toItemList(toChatMessages(run.request.input), query);
  };
}

/** `POST /chat/completions/:id`: refused, as what a run was asked with stays as it is. */
export function chatUpdateRoute(context: ProtocolContext): Handler {
  return async (request) => {
    await findCompletion(context, request);
    throw new RuntimeError(
      "UNSUPPORTED",
      "The metadata of a completion can't be changed: it is part of its run.",
      {
        details: { param: "metadata", code: "unsupported_parameter" },
      },
    );
  };
}

/** `DELETE /chat/completions/:id`: deletes the completion with all there is of it, unless it is part of a session. */
export function chatDeleteRoute(context: ProtocolContext): Handler {
  return async (request, reply) => {
    const { run } = await findCompletion(context, request);
    const { id } = run;
    const shared = () => {
      const message = `Completion '${id}' is part of a session, which can only be deleted as a whole.`;
      return parameterError("completion_id", "unsupported_value", message);
    };
    const { session_id: named } = (run.request.metadata ?? {}) as { readonly session_id?: unknown };
    if (named) throw shared();
    const answer = { id, object: "chat.completion.deleted", deleted: true };
    return deleteLoneRun(context, run, { request, reply, answer, shared });
  };
}

const MessagesQuery: z.ZodType<ItemListQuery> = z.object(itemListFields("asc"));
