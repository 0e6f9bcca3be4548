import type { Content } from "@agentscope-runtime/agent-api";
import { toolCallMessageId } from "@agentscope-runtime/core";

/** What the slot of a call, of its output or of a request for approval says. */
export interface CallBody {
  readonly id: string;
  readonly callId: string;
  readonly name: string;
  readonly arguments: string;
  readonly output: string;
  readonly serverLabel: string;
}

export function callBodyOf(slot: Content | undefined): CallBody {
  const data = slot?.type === "data" ? (slot.data ?? {}) : {};
  const text = (key: string) => (typeof data[key] === "string" ? data[key] : "");
  return {
    id: text("id"),
    callId: text("call_id"),
    name: text("name"),
    arguments: text("arguments"),
    output: text("output"),
    serverLabel: text("server_label"),
  };
}

/** The id of the call that a message holds. Where the agent has used one twice, the message's own id stands in. */
export function toolCallIdOf(callId: string, messageId: string): string {
  return callId !== "" && messageId === toolCallMessageId(callId) ? callId : messageId;
}

const families = ["function", "plugin", "component", "mcp"];
const calls: ReadonlySet<string> = new Set(families.map((family) => `${family}_call`));
const outputs: ReadonlySet<string> = new Set(families.map((family) => `${family}_call_output`));
const silent: ReadonlySet<string> = new Set([
  "heartbeat",
  "error",
  "mcp_list_tools",
  "mcp_approval_response",
]);

/** What a message is for a client of AG-UI, by its type: of what is `silent` it hears nothing. */
export function kindOf(
  type: string,
): "content" | "reasoning" | "call" | "output" | "question" | "step" | "state" | "silent" {
  if (calls.has(type)) return "call";
  if (outputs.has(type)) return "output";
  if (type === "mcp_approval_request") return "question";
  if (type === "reasoning" || type === "step" || type === "state") return type;
  return silent.has(type) ? "silent" : "content";
}
