import type { Message } from "@agentscope-runtime/agent-api";
import { toDecision } from "./chat-approval.ts";
import { bodyOf } from "./tool-items.ts";
import { toolOutputText } from "./tool-output-text.ts";

/**
 * What a client says, where it answers requests for approval that it has learnt of elsewhere: outputs of calls that bear
 * their ids become decisions.
 */
export function answerRequests(input: readonly Message[], asked: readonly Message[]): Message[] {
  const requests = new Set(
    asked.filter(({ type }) => type === "mcp_approval_request").map((message) => bodyIn(message).id),
  );
  return input.map((message) => {
    if (message.type !== "function_call_output") return message;
    const { callId, output } = bodyIn(message);
    if (!requests.has(callId)) return message;
    const data = { approval_request_id: callId, id: null, ...toDecision(toolOutputText(output)) };
    const content = message.content?.map((slot) => (slot.type === "data" ? { ...slot, data } : slot)) ?? [];
    return { ...message, type: "mcp_approval_response", role: "user", content };
  });
}

function bodyIn({ content }: Message): ReturnType<typeof bodyOf> {
  return bodyOf(content?.at(-1) ?? NOTHING);
}

const NOTHING = { type: "data", data: null } as Parameters<typeof bodyOf>[0];
