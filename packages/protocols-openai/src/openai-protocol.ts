import type { ProtocolAdapter } from "@agentscope-runtime/core";
import {
  chatDeleteRoute,
  chatMessagesRoute,
  chatRetrieveRoute,
  chatUpdateRoute,
} from "./chat-kept-routes.ts";
import { chatListRoute } from "./chat-list-route.ts";
import { chatRoute } from "./chat-route.ts";
import { type Compact, compactRoute } from "./compact-route.ts";
import { addConversationRoutes } from "./conversation-routes.ts";
import type { CountTokens } from "./count-tokens.ts";
import { inputTokensRoute } from "./input-tokens-route.ts";
import { sendOpenAIError } from "./openai-error.ts";
import { cancelRoute, deleteRoute, inputItemsRoute, retrieveRoute } from "./response-routes.ts";
import { responsesRoute } from "./responses-route.ts";
import { addSocketRoutes } from "./socket-route.ts";

export interface OpenAIProtocolOptions {
  /** Where the routes are; clients take one of them as base URL. Defaults to `/v1` and `/compatible-mode/v1`. */
  readonly prefixes?: readonly string[] | undefined;
  /** Names of hosts, without ports, whose pages may open WebSockets. By default those of loopback. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** How many tokens a text is. By default an estimate that knows no model's tokenizer. */
  readonly countTokens?: CountTokens | undefined;
  /** Makes a conversation shorter when a client asks for that. By default it is kept whole, and only compressed. */
  readonly compact?: Compact | undefined;
}

/** Lets OpenAI's SDKs talk to the agents of an app: the Responses API out of the same runs as all protocols. */
export function openai({
  prefixes = ["/v1", "/compatible-mode/v1"],
  allowedOrigins,
  countTokens,
  compact,
}: OpenAIProtocolOptions = {}): ProtocolAdapter {
  return {
    name: "openai",
    register: async (fastify, context) => {
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
        fastify.post(
          `${prefix}/responses/input_tokens`,
          bodyOptional,
          inputTokensRoute(context, countTokens),
        );
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
    },
  };
}
