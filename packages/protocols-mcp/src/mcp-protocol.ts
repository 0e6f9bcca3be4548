import type { ProtocolAdapter } from "@agentscope-runtime/core";
import type { McpOptions } from "./mcp-options.ts";

/** Lets MCP clients call the agents of an app: each agent is a tool, each call a run, each session a resource. */
export function mcp(options: McpOptions = {}): ProtocolAdapter {
  return {
    name: "mcp",
    register: async (fastify, context) => {
      // The SDK takes long to load, and is of no use before there is a server.
      const { serveMcp } = await import("./serve-mcp.ts");
      return serveMcp(fastify, context, options);
    },
  };
}
