import type { ProtocolAdapter } from "@agentscope-runtime/core";
import { chatDeleteRoute, chatRetrieveRoute } from "./chat-kept-routes.ts";
import { chatRoute } from "./chat-route.ts";
import { addConversationRoutes } from "./conversation-routes.ts";
import { sendOpenAIError } from "./openai-error.ts";
import { cancelRoute, deleteRoute, inputItemsRoute, retrieveRoute } from "./response-routes.ts";
import { responsesRoute } from "./responses-route.ts";
import { addSocketRoutes } from "./socket-route.ts";

export interface OpenAIProtocolOptions {
  /** Where the routes are; clients take one of them as base URL. Defaults to `/v1` and `/compatible-mode/v1`. */
  readonly prefixes?: readonly string[] | undefined;
  /** Names of hosts, without ports, whose pages may open WebSockets. By default those of loopback. */
  readonly allowedOrigins?: readonly string[] | undefined;
}

/** Lets OpenAI's SDKs talk to the agents of an app: the Responses API out of the same runs as all protocols. */
export function openai({
  prefixes = ["/v1", "/compatible-mode/v1"],
  allowedOrigins,
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
        fastify.get(`${prefix}/responses/:id`, retrieveRoute(context));
        fastify.delete(`${prefix}/responses/:id`, deleteRoute(context));
        fastify.post(`${prefix}/responses/:id/cancel`, cancelRoute(context));
        fastify.get(`${prefix}/responses/:id/input_items`, inputItemsRoute(context));
        addConversationRoutes(fastify, prefix, context);
        fastify.post(`${prefix}/chat/completions`, chatRoute(context));
        fastify.get(`${prefix}/chat/completions/:id`, chatRetrieveRoute(context));
        fastify.delete(`${prefix}/chat/completions/:id`, chatDeleteRoute(context));
        fastify.get(`${prefix}/models`, async () => ({ object: "list", data: models }));
      }
      await addSocketRoutes(fastify, prefixes, context, { allowedOrigins });
    },
  };
}
