import type { ToolResultBlock, ToolResultContent } from "@agentscope-runtime/agentscope";
import { isObject, isToolResultContent } from "./known-block.ts";
import { parseJson } from "./tool-arguments.ts";

type Output = Pick<ToolResultBlock, "output" | "state">;

/**
 * The output of a tool that its JSON text stands for: a string, a list of blocks, or the result of an MCP call. Any
 * other text is the output itself.
 */
export function fromOutputText(text: string): Output {
  const value = parseJson(text);
  if (typeof value === "string") return { output: value };
  if (Array.isArray(value) && value.every(isToolResultContent)) return { output: value };
  return fromMcpResult(value) ?? { output: text };
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
