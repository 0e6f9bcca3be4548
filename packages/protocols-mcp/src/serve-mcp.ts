import type { ProtocolContext, ProtocolLife } from "@agentscope-runtime/core";
import type { FastifyInstance } from "fastify";
import { checkOrigin } from "./check-origin.ts";
import { McpEndpoint, notAllowed } from "./mcp-endpoint.ts";
import type { McpOptions } from "./mcp-options.ts";
import { sendRpcError } from "./rpc-error.ts";

/** Adds the routes of MCP to a server. */
export function serveMcp(
  fastify: FastifyInstance,
  context: ProtocolContext,
  options: McpOptions,
): ProtocolLife {
  const { path = "/mcp" } = options;
  const endpoint = new McpEndpoint(context, options);
  fastify.setErrorHandler(sendRpcError);
  fastify.addHook("onRequest", async (request) => checkOrigin(request, options));
  fastify.post(path, (request, reply) => endpoint.post(request, reply));
  fastify.get(path, (request, reply) => endpoint.get(request, reply));
  fastify.delete(path, async (_, reply) => notAllowed(reply));
  return { stop: () => endpoint.close() };
}
