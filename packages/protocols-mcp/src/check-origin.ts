import { RuntimeError } from "@agentscope-runtime/core";
import {
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  validateHostHeader,
  validateOriginHeader,
} from "@modelcontextprotocol/server";
import type { FastifyRequest } from "fastify";
import type { McpOptions } from "./mcp-options.ts";

/**
 * Refuses what a page in a browser may have been talked into sending: requests from pages of other origins, and for
 * hosts that this is not, as when a name of theirs resolves to this machine.
 */
export function checkOrigin(
  { headers, raw }: FastifyRequest,
  {
    allowedHosts,
    allowedOrigins = localhostAllowedOrigins(),
  }: Pick<McpOptions, "allowedHosts" | "allowedOrigins">,
): void {
  const authority = headers.host ?? headers[":authority"];
  const host = typeof authority === "string" ? authority : undefined;
  const hosts =
    allowedHosts ?? (isLoopback(raw.socket.localAddress) ? localhostAllowedHostnames() : undefined);
  if (hosts !== undefined && !validateHostHeader(host, [...hosts]).ok) {
    throw new RuntimeError("ACCESS_DENIED", "This server takes no such Host: name it in allowedHosts.");
  }
  if (!validateOriginHeader(headers.origin, [...allowedOrigins]).ok) {
    throw new RuntimeError("ACCESS_DENIED", "This server takes no such Origin: name it in allowedOrigins.");
  }
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(127\.|::1$|::ffff:127\.)/.test(address);
}
