import type { ContentBlock, MediaBlock, ToolResultBlock, ToolUseBlock } from "../message/content-block.ts";
import type { Msg } from "../message/msg.ts";
import type { ChatMessage, ChatRole } from "./chat-message.ts";
import type { ProviderMessage } from "./formatter.ts";
import { describeMedia, isMedia } from "./media.ts";
import { pairToolMessages } from "./pair-tool-messages.ts";

/** In what the OpenAI-compatible APIs differ. */
export interface ChatDialect {
  /** The content part of a medium, or `undefined` when the API can't take it. */
  readonly toPart: (block: MediaBlock) => ProviderMessage | undefined;
  /** Whether messages carry their sender's name. */
  readonly withNames: boolean;
  /** The content of a message that has only tool calls. */
  readonly noContent: null | "";
}

/** Writes `messages` for an OpenAI-compatible API, which never has to refuse them for how they hang together. */
export function formatChat(messages: readonly Msg[], dialect: ChatDialect): readonly ProviderMessage[] {
  return pairToolMessages(messages.flatMap((message) => formatMessage(message, dialect)));
}

function formatMessage(message: Msg, dialect: ChatDialect): ChatMessage[] {
  const formatted: ChatMessage[] = [];
  let parts: ProviderMessage[] = [];
  let calls: ToolUseBlock[] = [];
  const flush = (): void => {
    // Only the assistant can have called tools, whoever the message says it is from.
    const role = calls.length > 0 ? "assistant" : message.role;
    if (parts.length > 0 || calls.length > 0) {
      formatted.push({
        role,
        ...(dialect.withNames && NAME.test(message.name) ? { name: message.name } : {}),
        content: parts.length === 0 ? dialect.noContent : joined(parts),
        ...(calls.length === 0 ? {} : { tool_calls: calls.map(toToolCall) }),
      });
    }
    parts = [];
    calls = [];
  };
  for (const block of message.getContentBlocks()) {
    if (block.type === "tool_use") calls.push(block);
    else if (block.type === "tool_result") {
      flush();
      formatted.push(toToolMessage(block));
    } else {
      const part = toPart(block, message.role, dialect);
      if (part !== undefined) parts.push(part);
    }
  }
  flush();
  return formatted;
}

function toPart(block: ContentBlock, role: ChatRole, dialect: ChatDialect): ProviderMessage | undefined {
  if (block.type === "thinking") return undefined;
  if (block.type === "text") return block.text ? { type: "text", text: asText(block.text) } : undefined;
  if (!isMedia(block)) return { type: "text", text: asText(block) };
  // Only what a user says may hold media.
  const part = role === "user" ? dialect.toPart(block) : undefined;
  return part ?? { type: "text", text: describeMedia(block) };
}

// Plain strings are what every server and every model template takes.
function joined(parts: readonly ProviderMessage[]): string | readonly ProviderMessage[] {
  return parts.every((part) => part.type === "text") ? parts.map((part) => part.text).join("\n") : parts;
}

function toToolCall({ id, name, input }: ToolUseBlock): NonNullable<ChatMessage["tool_calls"]>[number] {
  const isObject = typeof input === "object" && input !== null && !Array.isArray(input);
  return {
    id: asText(id ?? ""),
    type: "function",
    function: { name: asText(name ?? ""), arguments: isObject ? asText(input) : "{}" },
  };
}

function toToolMessage({ id, name, output }: ToolResultBlock): ChatMessage {
  return {
    role: "tool",
    tool_call_id: asText(id ?? ""),
    // Providers refuse an empty name; results from a caller often have none.
    ...(name ? { name: asText(name) } : {}),
    content: outputText(output),
  };
}

function outputText(output: ToolResultBlock["output"] | undefined): string {
  if (!Array.isArray(output)) return asText(output ?? "");
  const items = output.map((block: ContentBlock) => {
    if (block?.type === "text") return asText(block.text);
    return isMedia(block) ? describeMedia(block) : asText(block);
  });
  return items.length === 1 ? (items[0] ?? "") : items.map((item) => `- ${item}`).join("\n");
}

function asText(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

// What OpenAI accepts as a name.
const NAME = /^[^\s<|\\/>]{1,64}$/;
