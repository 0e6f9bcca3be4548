import type { AssistantMessage, Message, Tool, ToolMessage } from "@ag-ui/core";
import type { MessageInput } from "@agentscope-runtime/agent-api";
import { toolCallMessageId } from "@agentscope-runtime/core";
import { toSlots } from "./content-slots.ts";

type Slot = NonNullable<MessageInput["content"]>[number];

/** What says whose a tool is. */
export interface ToolNames {
  /** The names of the client's own tools. */
  readonly client: ReadonlySet<string>;
  /** The name of what was called, by the id of the call. */
  readonly called: ReadonlyMap<string, string>;
}

/** The tools of a request, those that the messages so far have called included. */
export function toToolNames(tools: readonly Tool[], messages: readonly Message[]): ToolNames {
  const calls = messages.flatMap((message) =>
    message.role === "assistant" ? (message.toolCalls ?? []) : [],
  );
  return {
    client: new Set(tools.map(({ name }) => name)),
    called: new Map(calls.map(({ id, function: { name } }) => [id, name])),
  };
}

/** The messages of the Agent API that a message of AG-UI stands for. */
export function toAgentMessages(message: Message, tools: ToolNames): MessageInput[] {
  const { id } = message;
  switch (message.role) {
    case "developer":
    case "system":
      return [heading(id, "message", "system", toSlots(message.content))];
    case "user":
      return [heading(id, "message", "user", toSlots(message.content))];
    case "assistant":
      return toTurn(message, tools);
    case "tool":
      return [toOutput(message, tools)];
    case "reasoning":
      // Reasoning that is encrypted says nothing to an agent.
      return message.content === "" ? [] : [heading(id, "reasoning", "assistant", toSlots(message.content))];
    default:
      // An activity is for people to look at.
      return [];
  }
}

function toTurn({ id, content, toolCalls = [] }: AssistantMessage, tools: ToolNames): MessageInput[] {
  const said = content ? [heading(id, "message", "assistant", toSlots(content))] : [];
  const calls = toolCalls.map(({ id: call_id, function: { name, arguments: text } }) => {
    const data = { call_id, name, arguments: text };
    return heading(toolCallMessageId(call_id), `${familyOf(name, tools)}_call`, "assistant", [toData(data)]);
  });
  return [...said, ...calls];
}

function toOutput({ id, toolCallId, content, error }: ToolMessage, tools: ToolNames): MessageInput {
  const name = tools.called.get(toolCallId) ?? null;
  const output = toOutputJson(content, error);
  // What a client answers is a call of its own, unless its history says otherwise.
  const family = name === null ? "function" : familyOf(name, tools);
  return heading(id, `${family}_call_output`, "tool", [toData({ call_id: toolCallId, name, output })]);
}

function familyOf(name: string, { client }: ToolNames): "function" | "plugin" {
  return client.has(name) ? "function" : "plugin";
}

// In the Agent API an output is JSON text: a text in quotes, or a list of blocks.
function toOutputJson(content: ToolMessage["content"], error: string | undefined): string {
  if (error !== undefined) return JSON.stringify({ error, content });
  if (typeof content === "string") return JSON.stringify(content);
  return JSON.stringify(content.map(toBlock));
}

function toBlock(part: Exclude<ToolMessage["content"], string>[number]): unknown {
  if (part.type === "text" || part.source.type === "file") return part;
  const { type, value, mimeType } = part.source;
  const source =
    type === "url" ? { type, url: value } : { type: "base64", media_type: mimeType, data: value };
  return { type: part.type, source };
}

function heading(
  id: string,
  type: string,
  role: "user" | "assistant" | "system" | "tool",
  content: Slot[],
): MessageInput {
  return { ...(id === "" ? {} : { id }), type, role, status: "completed", content };
}

function toData(data: Record<string, unknown>): Slot {
  return { type: "data", data };
}
