import type { IncomingHttpHeaders } from "node:http";
import { AgentCard } from "@a2a-js/sdk";
import {
  InMemoryTaskQueue,
  type ProtocolContext,
  type ProtocolLife,
  type RegisteredAgent,
  type ServedAgent,
  type TaskQueue,
} from "@agentscope-runtime/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { A2AOptions } from "./a2a-options.ts";
import { AgentCards } from "./agent-cards.ts";
import { addCardRoutes, type CardRouteOptions } from "./card-route.ts";
import { formerDialect } from "./former-rest-dialect.ts";
import type { A2AGrpcServer } from "./grpc-server.ts";
import { toHttpCall } from "./http-call.ts";
import { jsonRpcRoute, sendJsonRpcError } from "./json-rpc-route.ts";
import { PushNotifications } from "./push-notifications.ts";
import { Registrations } from "./registrations.ts";
import { restErrors } from "./rest-answer.ts";
import { currentDialect } from "./rest-dialect.ts";
import { addRestRoutes } from "./rest-routes.ts";
import { RunsRequestHandler } from "./runs-request-handler.ts";
import { TenantRequestHandler } from "./tenant-request-handler.ts";

/** What the servers of one app share. */
export interface A2AServers {
  /** How many of them use the queue: the last one stops it. */
  users: number;
  /** The card of the app's own agent, by the server that the app is part of. */
  readonly ownCards: WeakMap<object, CardRouteOptions>;
}

/** Adds the routes of A2A to a server. */
export async function serveA2A(
  fastify: FastifyInstance,
  context: ProtocolContext,
  options: A2AOptions,
  servers: A2AServers,
): Promise<ProtocolLife | undefined> {
  const [own] = context.agents;
  if (own === undefined) return undefined;
  const { registries = [], legacy = true, push = {}, progress = false } = options;
  const queue = push.queue ?? new InMemoryTaskQueue();
  const notifications = newNotifications(fastify, context, { ...push, queue });
  let grpc: A2AGrpcServer | undefined;
  const cards = new AgentCards({ ...options, own, legacy, grpcAddress: () => grpc?.address });

  const below = fastify.prefix.replace(/\/+$/, "");
  const publicUrl = options.publicUrl?.replace(/\/+$/, "");
  const baseUrlOf = ({ protocol, host }: FastifyRequest) => (publicUrl ?? `${protocol}://${host}`) + below;
  const toCall = (request: FastifyRequest, reply: FastifyReply) =>
    toHttpCall({ request, reply, context, baseUrl: baseUrlOf(request) });

  const handlers = new Map<string, RunsRequestHandler>();
  for (const agent of context.agents) {
    const handler = new RunsRequestHandler({
      runs: context.runs,
      agent: agent.agent,
      card: () => cards.of(agent, (publicUrl ?? "") + below),
      cardOptions: cards.optionsOf(agent),
      extendedCard: cards.extendedOf(agent),
      push: notifications,
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
    if (agent === own && options.grpc !== undefined) {
      const { log } = fastify;
      const baseUrl = (publicUrl ?? "") + below;
      // It takes long to load, and few need it.
      const module = await import("./grpc-server.ts");
      grpc = new module.A2AGrpcServer({ ...routes, options: options.grpc, context, baseUrl, log });
    }
  }
  if (registries.length > 0) {
    const registrations = new Registrations({
      registries,
      agents: () => Promise.all(context.agents.map((agent) => toRegistered(cards, agent, publicUrl + below))),
      log: fastify.log,
    });
    fastify.addHook("onListen", () => registrations.start());
    fastify.addHook("preClose", () => registrations.stop());
  }
  return {
    start: async () => {
      servers.users++;
      await queue.start();
      await notifications.start();
      await grpc?.start();
    },
    stop: async () => {
      await grpc?.stop();
      await notifications.stop();
      if (--servers.users <= 0 || push.queue === undefined) await queue.stop();
    },
  };
}

async function toRegistered(cards: AgentCards, agent: ServedAgent, url: string): Promise<RegisteredAgent> {
  const card = AgentCard.toJSON(await cards.of(agent, url)) as RegisteredAgent["card"];
  return { name: agent.name, card };
}

function newNotifications(
  { log }: FastifyInstance,
  { agents, runs }: ProtocolContext,
  push: NonNullable<A2AOptions["push"]> & { readonly queue: TaskQueue },
): PushNotifications {
  const [own] = agents;
  const byName = new Map(agents.map((agent) => [agent.name, agent]));
  return new PushNotifications({
    runs,
    log,
    state: push.state,
    queue: push.queue,
    host: own?.name ?? "",
    stateOf: (name) => byName.get(name)?.agent().services.state,
    allowPrivate: push.allowPrivate ?? false,
    attempts: push.attempts ?? 8,
    backoff: { delay: 1000, maxDelay: 60_000, ...push.backoff },
    timeout: push.timeout ?? 10_000,
  });
}

// It is JSON, too, with the same bounds. An empty body has no type, whatever a client says.
function readAsJson(headers: IncomingHttpHeaders): void {
  const [type = ""] = (headers["content-type"] ?? "").split(";");
  if (type.trim().toLowerCase() === "application/a2a+json") headers["content-type"] = "application/json";
  const isEmpty = headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0;
  if (isEmpty) delete headers["content-type"];
}
