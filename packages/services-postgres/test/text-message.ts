import type { Message, MessageInput } from "@agentscope-runtime/agent-api";

/** A user's message of one text. */
export function textMessage(text: string, rest: Partial<MessageInput> = {}): MessageInput {
  return { role: "user", content: [{ type: "text", text }], ...rest };
}

/** The text of such a message. */
export function textOf({ content }: Message): string | undefined {
  const [part] = content ?? [];
  return part?.type === "text" ? (part.text ?? undefined) : undefined;
}
