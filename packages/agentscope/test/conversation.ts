import {
  type ContentBlock,
  Msg,
  OpenAIChatModel,
  type OpenAIChatModelOptions,
} from "@agentscope-runtime/agentscope";
import type { FakeModelServer } from "@agentscope-runtime/testing";

export type Printed = readonly [msg: Msg, last: boolean];
export type Reply = Parameters<FakeModelServer["reply"]>[number];

export function user(text: string): Msg {
  return new Msg("Alice", text, "user");
}

export function modelAt(server: FakeModelServer, options: OpenAIChatModelOptions = {}): OpenAIChatModel {
  return new OpenAIChatModel("fake", {
    apiKey: "sk-secret-0123456789",
    baseURL: server.url,
    maxRetries: 0,
    ...options,
  });
}

/** What was printed, a line a snapshot: the number of the message, its content in short, and T for the last. */
export function trace(printed: readonly Printed[]): string[] {
  const ids = [...new Set(printed.map(([msg]) => msg.id))];
  return printed.map(([msg, last]) => `#${ids.indexOf(msg.id)} ${inShort(msg)} ${last ? "T" : "F"}`);
}

/** A message's content in one line. */
export function inShort(msg: Msg): string {
  return msg.getContentBlocks().map(blockInShort).join(" | ");
}

function blockInShort(block: ContentBlock): string {
  if (block.type === "text") return block.text;
  if (block.type === "thinking") return `(${block.thinking})`;
  if (block.type === "tool_use") return `${block.name}${JSON.stringify(block.input)}`;
  if (block.type === "tool_result") return `=${outputText(block.output)}:${block.state}`;
  return block.type;
}

function outputText(output: string | readonly ContentBlock[]): string {
  if (typeof output === "string") return output;
  return output.map((part) => (part.type === "text" ? part.text : part.type)).join("");
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
