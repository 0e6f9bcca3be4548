import { type ProtocolContext, RuntimeError } from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { agentOf } from "./agent-of.ts";
import { isChainId } from "./chain-id.ts";
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
  const { agents, assertRoom, callerOf, runs, wait } = context;
  return async (request, reply) => {
    const { id, session, request: asked } = (await findCompletion(context, request)).run;
    const caller = callerOf(request);
    const { items, nextCursor } = await runs().list({ ...session, limit: 2 }, caller);
    const { session_id: named } = (asked.metadata ?? {}) as { readonly session_id?: unknown };
    if (
      items.length > 1 ||
      nextCursor !== undefined ||
      named ||
      asked.conversation !== undefined ||
      !isChainId(session.sessionId)
    ) {
      const message = `Completion '${id}' is part of a session, which can only be deleted as a whole.`;
      throw parameterError("completion_id", "unsupported_value", message);
    }
    assertRoom();
    const { sessionId, userId } = session;
    // Goes on even where the client does not wait for it.
    const deleted = await wait(reply, async () => {
      await runs().sessions.delete(agentOf(session.agent, agents), { sessionId, userId }, caller);
      return { id, object: "chat.completion.deleted", deleted: true };
    });
    return deleted ?? reply;
  };
}

const MessagesQuery: z.ZodType<ItemListQuery> = z.object(itemListFields("asc"));
