import type { ToolUseBlock } from "@agentscope-runtime/agentscope";
import type { ToolType } from "@agentscope-runtime/core";
import { isObject } from "./known-block.ts";

/** The arguments of a call as JSON text: as the model wrote them where that is known. */
export function toArgumentsText({ input, raw_input }: ToolUseBlock): string {
  return raw_input === undefined || raw_input.trim() === "" ? JSON.stringify(input) : raw_input;
}

/** The arguments in a text, read once more where they were encoded twice; `undefined` if it holds no object. */
export function parseArguments(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text);
  const input = typeof value === "string" ? parseJson(value) : value;
  return isObject(input) ? input : undefined;
}

/** The value of a JSON text, or `undefined` if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The family of message types that a call and its output belong to. */
export function toToolType({ tool_type }: ToolUseBlock): ToolType {
  return tool_type === "function" || tool_type === "component" || tool_type === "mcp" ? tool_type : "plugin";
}
