import type { ProtocolAdapter } from "@agentscope-runtime/core";
import { checkOrigin } from "./check-origin.ts";
import { McpEndpoint, notAllowed } from "./mcp-endpoint.ts";
import type { McpOptions } from "./mcp-options.ts";
import { sendRpcError } from "./rpc-error.ts";

/** Lets MCP clients call the agents of an app: each agent is a tool, each call a run, each session a resource. */
export function mcp(options: McpOptions = {}): ProtocolAdapter {
  const { path = "/mcp" } = options;
  return {
    name: "mcp",
    register: (fastify, context) => {
      const endpoint = new McpEndpoint(context, options);
      fastify.setErrorHandler(sendRpcError);
      fastify.addHook("onRequest", async (request) => checkOrigin(request, options));
      fastify.post(path, (request, reply) => endpoint.post(request, reply));
      fastify.get(path, (request, reply) => endpoint.get(request, reply));
      fastify.delete(path, async (_, reply) => notAllowed(reply));
      return { stop: () => endpoint.close() };
    },
  };
}
