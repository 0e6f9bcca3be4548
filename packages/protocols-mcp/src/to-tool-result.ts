import type { AgentResponse } from "@agentscope-runtime/agent-api";
import type { RuntimeError } from "@agentscope-runtime/core";
import type { AgentToolOutput } from "./agent-tool.ts";
import { type AskedInput, toAskedInput } from "./asked-input.ts";
import type { McpToolResult } from "./mcp-tool.ts";
import { toToolContent } from "./tool-content.ts";

/** The result of a call, out of the terminal event of its run. */
export function toToolResult(response: AgentResponse): McpToolResult {
  const { id, session_id, status, error, incomplete_details, output } = response;
  const asked = toAskedInput(response);
  const structuredContent: AgentToolOutput = {
    run_id: id,
    session_id: session_id ?? "",
    status: status as AgentToolOutput["status"],
    reason: incomplete_details?.reason ?? null,
    requests: asked?.requests ?? [],
    error,
    output: output ?? [],
  };
  const note = asked === undefined ? shortfallOf(response) : howToContinue(asked);
  const content = [
    ...toToolContent(output ?? []),
    ...(note === undefined ? [] : [{ type: "text" as const, text: note }]),
  ];
  const isError = status !== "completed" && status !== "incomplete";
  return { content, structuredContent: { ...structuredContent }, ...(isError ? { isError } : {}) };
}

/** The result of a call that came to nothing, for a model that may do better. */
export function toErrorResult(error: RuntimeError): McpToolResult {
  const wait = error.retryAfter === undefined ? "" : ` Try again in ${error.retryAfter} s.`;
  return { content: [{ type: "text", text: `${error.code}: ${error.message}${wait}` }], isError: true };
}

function shortfallOf({ status, error, incomplete_details }: AgentResponse): string | undefined {
  if (error !== null) return `${error.code}: ${error.message}`;
  if (status === "completed") return undefined;
  if (status === "rejected") return "The agent rejects this request.";
  const { reason } = incomplete_details ?? {};
  return `The run is ${status}${reason === undefined ? "" : `: ${reason}`}.`;
}

function howToContinue({ runId, reason, requests }: AskedInput): string {
  const call = `call this tool again with continues: ${JSON.stringify(runId)}`;
  if (reason === "auth_required")
    return `The agent needs the user to sign in. When that is done, ${call} and a message.`;
  if (requests.length === 0) return `The agent waits for an answer: ${call} and the answer as message.`;
  const list = requests.map(({ id, name, arguments: text }) => `- ${JSON.stringify(id)}: ${name} ${text}`);
  return `The agent waits for the user's approval: ${call} and approvals, a list of { request_id, approve }, for\n${list.join("\n")}`;
}
