import type { AgentRequest, TextOptions } from "@agentscope-runtime/agent-api";
import type { CallerOptions, ToolChoice, ToolSchema } from "@agentscope-runtime/agentscope";
import { isObject } from "./known-block.ts";

/**
 * What a run's request says of how the agent is to answer, as options of `reply`: sampling, instructions, the caller's
 * function tools and their choice, the format of the text, and how much to think.
 */
export function toCallerOptions(request: AgentRequest): CallerOptions {
  const { instructions, tools, tool_choice, parallel_tool_calls } = request;
  const callerTools = (tools ?? []).flatMap(toToolSchema);
  const toolChoice = toToolChoice(tool_choice);
  return {
    params: toParams(request),
    ...(instructions ? { instructions } : {}),
    ...(callerTools.length === 0 ? {} : { callerTools }),
    ...(toolChoice === undefined ? {} : { toolChoice }),
    ...(parallel_tool_calls === false ? { severalCalls: false } : {}),
  };
}

// The names of the chat completions wire are the request's own.
function toParams(request: AgentRequest): Readonly<Record<string, unknown>> {
  const { text, reasoning } = request;
  const params = {
    temperature: request.temperature,
    top_p: request.top_p,
    presence_penalty: request.presence_penalty,
    frequency_penalty: request.frequency_penalty,
    max_tokens: request.max_tokens,
    stop: request.stop,
    seed: request.seed,
    response_format: toResponseFormat(text?.format),
    verbosity: text?.verbosity,
    reasoning_effort: reasoning?.effort,
  };
  return Object.fromEntries(
    Object.entries(params).filter(([, value]) => value !== null && value !== undefined),
  );
}

function toResponseFormat(format: TextOptions["format"]): unknown {
  if (format?.type !== "json_schema") return format?.type === "json_object" ? { type: "json_object" } : null;
  const { type, name, schema, strict, description } = format;
  return { type, json_schema: { name, schema, strict: strict ?? undefined, description } };
}

function toToolSchema({
  type,
  function: tool,
}: NonNullable<AgentRequest["tools"]>[number]): readonly ToolSchema[] {
  if (type !== "function" || !tool) return [];
  const { name, description, parameters, strict } = tool;
  return [
    {
      type,
      function: {
        name,
        description: description ?? "",
        parameters: parameters ?? NO_PARAMETERS,
        ...(typeof strict === "boolean" ? { strict } : {}),
      },
    },
  ];
}

const NO_PARAMETERS = { type: "object", properties: {} };

function toToolChoice(choice: AgentRequest["tool_choice"]): ToolChoice | undefined {
  if (choice === "none" || choice === "auto" || choice === "required") return choice;
  if (!isObject(choice)) return undefined;
  const { name } = isObject(choice.function) ? choice.function : choice;
  if (typeof name === "string" && name !== "") return { name };
  // Any tool of a server: it is the agent that knows which are whose.
  return choice.type === "mcp" ? "required" : undefined;
}
