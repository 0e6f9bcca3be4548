import { type ProtocolContext, RuntimeError } from "@agentscope-runtime/core";
import type { FastifyInstance } from "fastify";
import { checkOrigin } from "./check-origin.ts";
import { ResponseSocket } from "./response-socket.ts";
import { Upgrades } from "./upgrades.ts";

export interface SocketRouteOptions {
  readonly allowedOrigins?: readonly string[] | undefined;
}

/** `GET /responses` of each prefix, for WebSockets: clients send what they would post, and get the events as frames. */
export async function addSocketRoutes(
  fastify: FastifyInstance,
  prefixes: readonly string[],
  context: ProtocolContext,
  { allowedOrigins }: SocketRouteOptions = {},
): Promise<void> {
  const paths = prefixes.map((prefix) => `${prefix}/responses`);
  await acceptWebSockets(
    fastify,
    paths.map((path) => fastify.prefix + path),
    context.limits.bodyLimit,
  );
  const sockets = new Set<ResponseSocket>();
  // By now the streams have had their time, those on sockets too.
  fastify.addHook("preClose", async () => {
    for (const socket of sockets) socket.close(1001, "The server is shutting down.");
  });
  for (const url of paths) {
    fastify.route({
      method: "GET",
      url,
      preHandler: async ({ headers }) => {
        checkOrigin(headers.origin, allowedOrigins);
        context.assertRoom();
      },
      handler: async () => {
        throw new RuntimeError(
          "RESOURCE_NOT_FOUND",
          "GET /responses opens a WebSocket; POST creates a response.",
        );
      },
      wsHandler: (socket, request) => {
        const { log } = request;
        const open = new ResponseSocket(socket, { context, caller: context.callerOf(request), log });
        sockets.add(open);
        socket.once("close", () => sockets.delete(open));
      },
    });
  }
}

/** Has the server take WebSockets, unless it does so already. */
async function acceptWebSockets(
  fastify: FastifyInstance,
  paths: readonly string[],
  maxPayload: number,
): Promise<void> {
  if (fastify.hasDecorator("websocketServer")) return;
  const { default: websocket } = await import("@fastify/websocket");
  await fastify.register(websocket, {
    options: { server: Upgrades.of(fastify.server, paths) as typeof fastify.server, maxPayload },
    // A socket looks after its own errors and end.
    errorHandler: () => undefined,
    preClose: (done) => done(),
  });
}
