import { fromApprovalCall, fromApprovalCallId, toDecision } from "./chat-approval.ts";
import type { ChatMessage, ChatPart } from "./chat-message.ts";
import type { InputItem, InputPart } from "./input-item.ts";

/** The items of a Responses input that say the same as a message of a chat. */
export function fromChatMessage(message: ChatMessage): readonly InputItem[] {
  switch (message.role) {
    case "tool": {
      const output = message.content.map(({ text }) => text).join("");
      const approval = fromApprovalCallId(message.tool_call_id);
      if (approval !== undefined) {
        const answer = { approval_request_id: approval.requestId, ...toDecision(output) };
        return [{ type: "mcp_approval_response", ...answer }];
      }
      return [{ type: "function_call_output", call_id: message.tool_call_id, output }];
    }
    case "assistant":
      return fromAssistantMessage(message);
    default:
      return [{ type: "message", role: message.role, content: message.content.map(toInputPart) }];
  }
}

function fromAssistantMessage({
  content,
  refusal,
  reasoning_content,
  tool_calls,
}: Extract<ChatMessage, { role: "assistant" }>): readonly InputItem[] {
  const items: InputItem[] = [];
  if (reasoning_content) items.push({ type: "reasoning", summary: [{ text: reasoning_content }] });
  const parts: InputPart[] = (content ?? []).map((part) =>
    part.type === "text" ? { type: "output_text", text: part.text } : part,
  );
  if (refusal) parts.push({ type: "refusal", refusal });
  // Beside calls, clients send an empty text that nobody has said.
  const isSaid = parts.some((part) => part.type !== "output_text" || part.text !== "");
  if (isSaid) items.push({ type: "message", role: "assistant", content: parts });
  for (const { id, function: called } of tool_calls ?? []) {
    const approval = fromApprovalCallId(id);
    if (approval !== undefined) {
      items.push(fromApprovalCall(approval, called.arguments));
      continue;
    }
    items.push({ type: "function_call", call_id: id, name: called.name, arguments: called.arguments });
  }
  return items;
}

function toInputPart(part: ChatPart): InputPart {
  switch (part.type) {
    case "text":
      return { type: "input_text", text: part.text };
    case "image_url":
      return { type: "input_image", image_url: part.image_url.url };
    case "input_audio":
      return part;
    case "file":
      return { type: "input_file", ...part.file };
  }
}
