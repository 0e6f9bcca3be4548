import { FileContent } from "@agentscope-runtime/agent-api";
import type { ToolResultBlock, ToolResultContent } from "@agentscope-runtime/agentscope";
import { isObject, isSource, isToolResultContent } from "./known-block.ts";
import { toMediaUrl } from "./media-source.ts";
import { toSlotBlock } from "./slot-block.ts";
import { parseJson } from "./tool-arguments.ts";

type Output = Pick<ToolResultBlock, "output" | "state">;

/**
 * The output of a tool that its JSON text stands for: a string, a list of blocks, or the result of an MCP call. A
 * file is a medium, or a text that says where it is. Any other text is the output itself.
 */
export function fromOutputText(text: string): Output {
  const value = parseJson(text);
  if (typeof value === "string") return { output: value };
  if (Array.isArray(value)) {
    const output = value.map(fromBlock);
    if (output.every((block) => block !== undefined)) return { output };
  }
  return fromMcpResult(value) ?? { output: text };
}

function fromBlock(value: unknown): ToolResultContent | undefined {
  if (isToolResultContent(value)) return value;
  if (!isObject(value)) return undefined;
  const { success, data } = FileContent.safeParse(value.type === "document" ? fromDocument(value) : value);
  // What only names a file may be anything that a tool tells of files.
  if (!success || !(data.file_url || data.file_data || data.file_id)) return undefined;
  const block = toSlotBlock(data, "message");
  return isToolResultContent(block) ? block : undefined;
}

// Some protocols have files in the form of media.
function fromDocument({ source }: Record<string, unknown>): unknown {
  return isSource(source) ? { type: "file", file_url: toMediaUrl(source) } : undefined;
}

function fromMcpResult(value: unknown): Output | undefined {
  if (!isObject(value) || !Array.isArray(value.content) || value.content.length === 0) return undefined;
  const output = value.content.map(fromMcpContent);
  if (!output.every((block) => block !== undefined)) return undefined;
  return value.isError === true ? { output, state: "error" } : { output };
}

function fromMcpContent(value: unknown): ToolResultContent | undefined {
  if (!isObject(value)) return undefined;
  const { type, text, data, mimeType } = value;
  if (type === "text" && typeof text === "string") return { type, text };
  if ((type === "image" || type === "audio") && typeof data === "string" && typeof mimeType === "string") {
    return { type, source: { type: "base64", media_type: mimeType, data } };
  }
  return undefined;
}
