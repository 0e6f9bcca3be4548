import { errorReply, type RuntimeError } from "@agentscope-runtime/core";
import { ProtocolErrorCode } from "@modelcontextprotocol/server";

/** Answers a request that came to no method of the protocol, as JSON-RPC does. */
export const sendRpcError: ReturnType<typeof errorReply> = errorReply((error, reply) => {
  if (reply.statusCode === 401) reply.header("www-authenticate", "Bearer");
  const { code, message } = error;
  return { jsonrpc: "2.0", error: { code: rpcCode(error), message, data: { code } }, id: null };
});

/** The number that stands for an error. */
export function rpcCode({ code, status }: RuntimeError): number {
  if (code === "RESOURCE_NOT_FOUND") return SESSION_NOT_FOUND;
  if (status >= 500) return status === 503 ? REFUSED : ProtocolErrorCode.InternalError;
  return status === 400 ? ProtocolErrorCode.InvalidRequest : REFUSED;
}

const REFUSED = -32_000;
const SESSION_NOT_FOUND = -32_001;
