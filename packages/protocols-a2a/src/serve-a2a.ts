import type { IncomingHttpHeaders } from "node:http";
import { type ProtocolContext, type ProtocolLife, RuntimeError } from "@agentscope-runtime/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { A2AOptions } from "./a2a-options.ts";
import type { A2AServers, A2AShare } from "./a2a-servers.ts";
import { AgentCards } from "./agent-cards.ts";
import { addCardRoutes } from "./card-route.ts";
import { formerDialect } from "./former-rest-dialect.ts";
import { toHttpCall } from "./http-call.ts";
import { jsonRpcRoute, sendJsonRpcError } from "./json-rpc-route.ts";
import { newShare } from "./new-share.ts";
import type { PushNotifications } from "./push-notifications.ts";
import { restErrors } from "./rest-answer.ts";
import { currentDialect } from "./rest-dialect.ts";
import { addRestRoutes } from "./rest-routes.ts";
import { RunsRequestHandler } from "./runs-request-handler.ts";
import { TenantRequestHandler } from "./tenant-request-handler.ts";

/** Adds the routes of A2A to a server. */
export async function serveA2A(
  fastify: FastifyInstance,
  context: ProtocolContext,
  options: A2AOptions,
  servers: A2AServers,
): Promise<ProtocolLife | undefined> {
  const [own] = context.agents;
  if (own === undefined) return undefined;
  const { registries = [], legacy = true, progress = false } = options;
  const below = fastify.prefix.replace(/\/+$/, "");
  const publicUrl = options.publicUrl?.replace(/\/+$/, "");
  const publicBase = publicUrl === undefined ? undefined : publicUrl + below;
  const baseUrlOf = ({ protocol, host }: FastifyRequest) => publicBase ?? `${protocol}://${host}${below}`;
  const toCall = (request: FastifyRequest, reply: FastifyReply, asked?: unknown) =>
    toHttpCall({ request, reply, context, baseUrl: baseUrlOf(request), asked });

  const handlers = new Map<string, RunsRequestHandler>();
  const parts = { log: fastify.log, context, options, memory: servers.memory, publicBase, handlers };
  const share: A2AShare =
    servers.shares.get(context.runs()) ?? (await newShare({ ...parts, cards: () => cards }));
  servers.shares.set(context.runs(), share);
  const cards: AgentCards = new AgentCards({
    ...options,
    own,
    legacy,
    grpcAddress: () => share.grpc?.current?.address,
  });
  for (const agent of context.agents) {
    const handler = new RunsRequestHandler({
      runs: context.runs,
      agent: agent.agent,
      card: () => cards.unsigned(agent),
      cardOptions: cards.optionsOf(agent),
      extendedCard: cards.extendedOf(agent),
      push: () => pushOf(share),
      progress,
    });
    handlers.set(agent.name, handler);
    const routes = { handler: new TenantRequestHandler(handler, handlers), legacy, toCall };
    const endpoint = cards.endpointOf(agent);
    const card = (baseUrl: string) => cards.of(agent, baseUrl);
    addCardRoutes(fastify, cards.pathOf(agent), { card, baseUrlOf, legacy });
    if (agent === own) servers.ownCards.set(fastify.server, { card, baseUrlOf, legacy });
    fastify.register(async (scope) => {
      scope.setErrorHandler(sendJsonRpcError);
      scope.post(endpoint, jsonRpcRoute(routes));
    });
    for (const dialect of legacy ? [currentDialect, formerDialect] : [currentDialect]) {
      fastify.register(async (scope) => {
        scope.setErrorHandler(restErrors(dialect));
        scope.addHook("onRequest", async ({ headers }) => readAsJson(headers));
        addRestRoutes(scope, endpoint, { ...routes, dialect });
      });
    }
  }
  if (registries.length > 0) fastify.addHook("onListen", () => share.registrations.enter(context));
  return {
    start: async () => {
      share.contexts.add(context);
      await share.push.enter(context);
      await share.grpc?.enter(context);
    },
    leave: () => share.registrations.leave(context),
    stop: async () => {
      share.contexts.delete(context);
      await share.grpc?.leave(context);
      await share.push.leave(context);
    },
  };
}
/** Who tells of tasks, while any server is there to be asked for it. */
function pushOf({ push }: A2AShare): PushNotifications {
  if (push.current !== undefined) return push.current;
  throw new RuntimeError("SERVICE_UNAVAILABLE", "The server is closing.", { retryAfter: 1 });
}

// It is JSON, too, with the same bounds. An empty body has no type, whatever a client says.
function readAsJson(headers: IncomingHttpHeaders): void {
  const [type = ""] = (headers["content-type"] ?? "").split(";");
  if (type.trim().toLowerCase() === "application/a2a+json") headers["content-type"] = "application/json";
  const isEmpty = headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0;
  if (isEmpty) delete headers["content-type"];
}
