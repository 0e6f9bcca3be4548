import type { Message, MessageInput } from "@agentscope-runtime/agent-api";

/** A user's message of one text, with every further key of yours. */
export function textMessage(text: string, rest: Partial<MessageInput> = {}): MessageInput {
  return { role: "user", content: [{ type: "text", text }], ...rest };
}

/** The text parts of a message, one a line. */
export function textOf(message: Message): string {
  const parts = message.content ?? [];
  return parts.map((part) => (part.type === "text" ? part.text : undefined)).join("\n");
}
