import type { Message, MessageInput } from "@agentscope-runtime/agent-api";

/** A message of one text. */
export function textMessage(text: string, id?: string): MessageInput {
  return { role: "user", content: [{ type: "text", text }], id };
}

export function textOf({ content }: Message): string {
  const [part] = content ?? [];
  return part?.type === "text" ? (part.text ?? "") : "";
}
