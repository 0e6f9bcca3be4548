import { parseInputAsync } from "@agentscope-runtime/core";
import type { z } from "zod";
import { toJsonSchema } from "./json-schema.ts";
import type { ListedTool, McpTool, McpToolContext, McpToolResult } from "./mcp-tool.ts";

/** A tool that is not an agent, ready to be called with whatever a client sends. */
export interface ServedTool {
  readonly listed: ListedTool;
  readonly call: (
    input: Readonly<Record<string, unknown>>,
    context: McpToolContext,
  ) => Promise<McpToolResult>;
}

/** A tool of the user's own, with its schemas before and behind it. */
export function toServedTool(tool: McpTool): ServedTool {
  const { name, title, description, input, output } = tool;
  return {
    listed: {
      name,
      title,
      description,
      inputSchema: toJsonSchema(input, "input"),
      ...(output === undefined ? {} : { outputSchema: toJsonSchema(output, "output") }),
    },
    call: async (args, context) => {
      const result = await tool.call(await parseArguments(input, args), context);
      const whole: McpToolResult =
        typeof result === "string" ? { content: [{ type: "text", text: result }] } : result;
      if (output === undefined || whole.isError) return whole;
      return { ...whole, structuredContent: await output.parseAsync(whole.structuredContent) };
    },
  };
}

/** The arguments of a call, or an `INVALID_PARAMETER` that says what to correct. */
export function parseArguments<Input>(schema: z.ZodType<Input>, input: unknown): Promise<Input> {
  return parseInputAsync(schema, input ?? {}, { where: "arguments" });
}
