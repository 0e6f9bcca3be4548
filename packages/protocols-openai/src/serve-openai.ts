import type { ProtocolContext } from "@agentscope-runtime/core";
import type { FastifyInstance } from "fastify";
import {
  chatDeleteRoute,
  chatMessagesRoute,
  chatRetrieveRoute,
  chatUpdateRoute,
} from "./chat-kept-routes.ts";
import { chatListRoute } from "./chat-list-route.ts";
import { chatRoute } from "./chat-route.ts";
import { compactRoute } from "./compact-route.ts";
import { addConversationRoutes } from "./conversation-routes.ts";
import { inputTokensRoute } from "./input-tokens-route.ts";
import { sendOpenAIError } from "./openai-error.ts";
import type { OpenAIProtocolOptions } from "./openai-protocol.ts";
import { cancelRoute, deleteRoute, inputItemsRoute, retrieveRoute } from "./response-routes.ts";
import { responsesRoute } from "./responses-route.ts";
import { addSocketRoutes } from "./socket-route.ts";

/** Adds the routes of OpenAI's APIs to a server. */
export async function serveOpenAI(
  fastify: FastifyInstance,
  context: ProtocolContext,
  { prefixes = ["/v1", "/compatible-mode/v1"], allowedOrigins, countTokens, compact }: OpenAIProtocolOptions,
): Promise<void> {
  const created = Math.floor(Date.now() / 1000);
  const models = context.agents.map(({ name }) => ({
    id: name,
    object: "model",
    created,
    owned_by: "agentscope",
  }));
  fastify.setErrorHandler(sendOpenAIError);
  fastify.addHook("onRequest", async (request, reply) => {
    // The name under which the request stands in the server's log.
    reply.header("x-request-id", request.id);
  });
  for (const prefix of prefixes) {
    fastify.post(`${prefix}/responses`, responsesRoute(context));
    fastify.post(`${prefix}/responses/compact`, compactRoute(context, { compact, countTokens }));
    const bodyOptional = { config: { bodyOptional: true } };
    fastify.post(`${prefix}/responses/input_tokens`, bodyOptional, inputTokensRoute(context, countTokens));
    fastify.get(`${prefix}/responses/:id`, retrieveRoute(context));
    fastify.delete(`${prefix}/responses/:id`, deleteRoute(context));
    fastify.post(`${prefix}/responses/:id/cancel`, cancelRoute(context));
    fastify.get(`${prefix}/responses/:id/input_items`, inputItemsRoute(context));
    addConversationRoutes(fastify, prefix, context);
    fastify.post(`${prefix}/chat/completions`, chatRoute(context));
    fastify.get(`${prefix}/chat/completions`, chatListRoute(context));
    fastify.get(`${prefix}/chat/completions/:id`, chatRetrieveRoute(context));
    fastify.get(`${prefix}/chat/completions/:id/messages`, chatMessagesRoute(context));
    fastify.post(`${prefix}/chat/completions/:id`, chatUpdateRoute(context));
    fastify.delete(`${prefix}/chat/completions/:id`, chatDeleteRoute(context));
    fastify.get(`${prefix}/models`, async () => ({ object: "list", data: models }));
  }
  await addSocketRoutes(fastify, prefixes, context, { allowedOrigins });
}
