import { z } from "zod";
import type { Tool } from "./tool.ts";
import type { ToolSchema } from "./tool-schema.ts";

/** What a chat model is told of `tool` under `name`: everything but the parameters in `hidden`. */
export function toToolSchema(name: string, tool: Tool, hidden: readonly string[]): ToolSchema {
  // As input: with a default, a parameter need not be given.
  const { $schema, ...parameters } = z.toJSONSchema(tool.parameters, { io: "input", unrepresentable: "any" });
  const { properties = {}, required = [] } = parameters;
  return {
    type: "function",
    function: {
      name,
      description: tool.description,
      parameters: {
        ...parameters,
        properties: Object.fromEntries(Object.entries(properties).filter(([key]) => !hidden.includes(key))),
        ...(required.length === 0 ? {} : { required: required.filter((key) => !hidden.includes(key)) }),
      },
    },
  };
}
