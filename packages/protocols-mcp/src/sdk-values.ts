import type { Caller } from "@agentscope-runtime/core";
import { ProtocolError, ProtocolErrorCode, type ServerContext } from "@modelcontextprotocol/server";
import type { McpCallContext } from "./mcp-tool.ts";

/** A value of ours as the SDK's types want it: they have all writable that the SDK only reads. */
export function forSdk<Result>(value: object): Result {
  return value as Result;
}

/** What the SDK says of a request, for the user's own tools, resources and prompts. */
export function contextOf(caller: Caller, { mcpReq: { signal } }: ServerContext): McpCallContext {
  return { caller, signal };
}

/** The error for a name that stands for nothing. */
export function unknownName(kind: string, name: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no ${kind} ${name}.`);
}
