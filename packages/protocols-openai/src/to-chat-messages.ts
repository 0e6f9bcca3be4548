import type { Content, Message } from "@agentscope-runtime/agent-api";
import { APPROVAL_TOOL, toApprovalArguments } from "./chat-approval.ts";
import { toChatMedia } from "./chat-media.ts";
import { bodyOf } from "./tool-items.ts";
import { toolOutputText } from "./tool-output-text.ts";

/** A message of a stored completion. */
export interface StoredMessage {
  readonly id: string;
  readonly role: string;
  readonly content: string | null;
  /** Texts and images, where a message has more than one text. */
  readonly content_parts: readonly object[] | null;
  readonly [key: string]: unknown;
}

/** The messages of a chat that say what those of a run do; others are left out. */
export function toChatMessages(messages: readonly Message[]): readonly StoredMessage[] {
  return messages.flatMap((message) => toChatMessage(message) ?? []);
}

function toChatMessage(message: Message): StoredMessage | undefined {
  const { id, type, role, content } = message;
  const slots = content ?? [];
  const body = bodyOf(slots.at(-1) ?? NOTHING);
  const said = { id, content: null, content_parts: null, refusal: null };
  switch (type) {
    case "message": {
      const texts = slots.flatMap((slot) => textOf(slot) ?? []);
      const refusals = slots.flatMap((slot) => (slot.type === "refusal" ? [slot.refusal ?? ""] : []));
      const isText = slots.length < 2 && slots.every((slot) => slot.type !== "image");
      return {
        ...said,
        role: role ?? "user",
        content: texts.length === 0 ? null : texts.join("\n\n"),
        content_parts: isText ? null : slots.flatMap((slot) => toPart(slot) ?? []),
        refusal: refusals.length === 0 ? null : refusals.join("\n\n"),
      };
    }
    case "reasoning":
      return {
        ...said,
        role: "assistant",
        reasoning_content: slots.flatMap((slot) => textOf(slot) ?? []).join("\n\n"),
      };
    case "function_call":
      return { ...said, role: "assistant", tool_calls: [toCall(body.callId, body.name, body.arguments)] };
    case "function_call_output":
      return { ...said, role: "tool", tool_call_id: body.callId, content: toolOutputText(body.output) };
    case "mcp_approval_request": {
      const call = toCall(body.id || id, APPROVAL_TOOL, toApprovalArguments(body));
      return { ...said, role: "assistant", tool_calls: [call] };
    }
    case "mcp_approval_response": {
      const slot = slots.at(-1);
      const { approval_request_id, approve, reason } = (slot?.type === "data" ? slot.data : null) ?? {};
      const answer = JSON.stringify(reason === null ? { approve } : { approve, reason });
      return { ...said, role: "tool", tool_call_id: approval_request_id, content: answer };
    }
    default:
      return undefined;
  }
}

function toCall(id: string, name: string, text: string): object {
  return { id, type: "function", function: { name, arguments: text } };
}

function textOf(slot: Content): string | undefined {
  if (slot.type === "text") return slot.text ?? "";
  return slot.type === "refusal" ? undefined : toChatMedia(slot);
}

function toPart(slot: Content): object | undefined {
  if (slot.type === "image") return { type: "image_url", image_url: { url: slot.image_url ?? "" } };
  const text = textOf(slot);
  return text === undefined ? undefined : { type: "text", text };
}

const NOTHING = { type: "data", data: null } as Content;
