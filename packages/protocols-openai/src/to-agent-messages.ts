import type { MessageInput } from "@agentscope-runtime/agent-api";
import type { InputItem, InputPart } from "./input-item.ts";
import { OWN_TOOLS } from "./output-item.ts";

type Slot = NonNullable<MessageInput["content"]>[number];

/** The messages of the Agent API that an item of the input stands for by itself; those of a compaction concern others. */
export function toAgentMessages(item: InputItem): MessageInput[] {
  switch (item.type) {
    case "compaction":
      return [];
    case "message": {
      const role = item.role === "developer" ? "system" : item.role;
      return [{ ...heading(item.id), type: "message", role, content: item.content.map(toSlot) }];
    }
    case "reasoning": {
      const texts = item.content?.length ? item.content : (item.summary ?? []);
      const content = texts.map(({ text }): Slot => ({ type: "text", text }));
      // Reasoning that is encrypted says nothing to an agent.
      return content.length === 0
        ? []
        : [{ ...heading(item.id), type: "reasoning", role: "assistant", content }];
    }
    case "function_call": {
      const { call_id, name, arguments: text } = item;
      return [toCall("function_call", item.id, { call_id, name, arguments: text })];
    }
    case "function_call_output":
      return [
        toOutput("function_call_output", item.id, {
          call_id: item.call_id,
          output: toOutputJson(item.output),
        }),
      ];
    case "mcp_call":
      return toOwnCall(item);
    case "image_generation_call": {
      const { id, result, output_format } = item;
      if (!result) return [];
      const format = output_format === "svg" ? "svg+xml" : (output_format ?? "png");
      const image_url = `data:image/${format};base64,${result}`;
      return [
        { ...heading(id), type: "message", role: "assistant", content: [{ type: "image", image_url }] },
      ];
    }
    case "mcp_approval_request": {
      const { id, server_label, name, arguments: text } = item;
      return [toCall("mcp_approval_request", undefined, { id, server_label, name, arguments: text })];
    }
    case "mcp_approval_response": {
      const { approval_request_id, approve, id = null, reason = null } = item;
      const data = { approval_request_id, approve, id, reason };
      return [
        { ...heading(undefined), type: "mcp_approval_response", role: "user", content: [toData(data)] },
      ];
    }
  }
}

/** A call that an agent made itself, as it went over the wire: the call and, if it is there, its output. */
function toOwnCall(item: Extract<InputItem, { type: "mcp_call" }>): MessageInput[] {
  const { id, server_label, name, arguments: text, output } = item;
  // The item does not tell the id of the call.
  const call_id = id ?? `call_${crypto.randomUUID()}`;
  const own = server_label === OWN_TOOLS;
  const type = own ? "plugin_call" : "mcp_call";
  const call = toCall(type, id, { call_id, name, arguments: text, ...(own ? {} : { server_label }) });
  if (typeof output !== "string") return [call];
  return [call, toOutput(`${type}_output`, undefined, { call_id, name, output: JSON.stringify(output) })];
}

function toCall(type: string, id: string | null | undefined, data: Record<string, unknown>): MessageInput {
  return { ...heading(id), type, role: "assistant", content: [toData(data)] };
}

function toOutput(type: string, id: string | null | undefined, data: Record<string, unknown>): MessageInput {
  return { ...heading(id), type, role: "tool", content: [toData(data)] };
}

function heading(id: string | null | undefined): Pick<MessageInput, "id" | "status"> {
  return { ...(id ? { id } : {}), status: "completed" };
}

function toData(data: Record<string, unknown>): Slot {
  return { type: "data", data };
}

function toSlot(part: InputPart): Slot {
  switch (part.type) {
    case "input_text":
    case "output_text":
      return { type: "text", text: part.text };
    case "refusal":
      return { type: "refusal", refusal: part.refusal };
    case "input_image":
      return { type: "image", image_url: part.image_url };
    case "input_audio":
      return { type: "audio", ...part.input_audio };
    case "input_file": {
      const { file_url, file_data, file_id, filename } = part;
      return { type: "file", file_url, file_data, file_id, filename };
    }
  }
}

// In the Agent API an output is JSON text: a text in quotes, or a list of blocks.
function toOutputJson(output: string | readonly InputPart[]): string {
  return JSON.stringify(typeof output === "string" ? output : output.map(toOutputBlock));
}

function toOutputBlock(part: InputPart): object {
  switch (part.type) {
    case "input_image":
      return { type: "image", source: { type: "url", url: part.image_url } };
    case "input_audio": {
      const { data, format } = part.input_audio;
      const source = { type: "base64", media_type: `audio/${format}`, data };
      return { type: "audio", source };
    }
    case "refusal":
      return { type: "text", text: part.refusal };
    default:
      return toSlot(part);
  }
}
