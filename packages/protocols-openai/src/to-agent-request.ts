import { AgentRequest, ReasoningOptions, TextOptions } from "@agentscope-runtime/agent-api";
import { z } from "zod";
import { assertFormatType } from "./answer-format.ts";
import type { CompactionBounds } from "./compaction.ts";
import { Input } from "./input-item.ts";
import { parameterError } from "./openai-error.ts";
import { parseParams, valueAt } from "./parse-params.ts";
import { toInputMessages } from "./to-input-messages.ts";
import { assertChosenTool, ToolChoice } from "./tool-choice.ts";

/** A request in the words of the Agent API, and what of it names other runs and people. */
export interface ResponsesRequest {
  /** What has no place of its own there stands under its own name: `instructions`, `text`, `tool_choice` and so on. */
  readonly request: AgentRequest;
  readonly previousResponseId: string | undefined;
  readonly user: string | undefined;
}

/**
 * Reads the parameters of `POST /responses`; throws `INVALID_PARAMETER` that says which one is wrong. `defaults` are for
 * routes that ask for less.
 */
export function toAgentRequest(
  body: unknown,
  bounds: CompactionBounds,
  defaults: { readonly input?: [] } = {},
): ResponsesRequest {
  const { input, max_output_tokens, tools, conversation, ...others } = parse(withDefaults(body, defaults));
  const params = Object.fromEntries(
    Object.entries(others).filter(([, value]) => value !== undefined && value !== null),
  );
  const sessionId = typeof conversation === "string" ? conversation : conversation?.id;
  const request = AgentRequest.parse({
    stream: false,
    // Said of every response: it tells them from the runs of other protocols.
    background: false,
    ...params,
    input: toInputMessages(input, bounds, "input"),
    max_tokens: max_output_tokens ?? null,
    tools: tools?.map(({ type, ...tool }) => ({ type, function: tool })) ?? null,
    ...(sessionId === undefined ? {} : { session_id: sessionId, conversation: { id: sessionId } }),
  });
  return {
    request,
    previousResponseId: others.previous_response_id ?? undefined,
    user: others.user ?? undefined,
  };
}

function withDefaults(body: unknown, defaults: object): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const given = Object.entries(body).filter(([key, value]) => value !== null || !(key in defaults));
  return { ...defaults, ...Object.fromEntries(given) };
}

function parse(body: unknown): z.output<typeof CreateParams> {
  refuseUnsupported(body);
  const params = parseParams(CreateParams, body);
  if (params.conversation && params.previous_response_id) {
    const message = "conversation and previous_response_id exclude each other.";
    throw parameterError("previous_response_id", "mutually_exclusive_parameters", message);
  }
  if (params.background && params.store === false) {
    const message = "A response in the background has to be stored.";
    throw parameterError("background", "mutually_exclusive_parameters", message);
  }
  assertFormatType(params.text?.format, "text.format");
  assertChosenTool(params.tool_choice, params.tools ?? []);
  return params;
}

function refuseUnsupported(body: unknown): void {
  for (const param of UNSUPPORTED) {
    const value = valueAt(body, [param]);
    if (value === undefined || value === null || value === false) continue;
    throw parameterError(param, "unsupported_parameter", `${param} is not supported by this server.`);
  }
}

// What would change the answer must not be passed over; what can't be had otherwise may be.
const UNSUPPORTED = ["prompt", "context_management", "moderation", "image", "access_programs"];

const id = z.string().min(1).max(1024);
const record = z.record(z.string(), z.unknown());

const CreateParams = z.object({
  input: Input,
  model: z.string().nullish(),
  stream: z.boolean().nullish(),
  background: z.boolean().nullish(),
  instructions: z.string().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  presence_penalty: z.number().nullish(),
  frequency_penalty: z.number().nullish(),
  max_output_tokens: z.int().positive().nullish(),
  max_tool_calls: z.int().positive().nullish(),
  top_logprobs: z.int().nullish(),
  tools: z
    .array(
      z.object({
        type: z.literal("function", "only function tools are supported"),
        name: z.string().min(1).max(128),
        description: z.string().nullish(),
        parameters: record.nullish(),
        strict: z.boolean().nullish(),
      }),
    )
    .nullish(),
  tool_choice: ToolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  text: TextOptions.nullish(),
  reasoning: ReasoningOptions.nullish(),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= 16, "may have 16 pairs at most")
    .nullish(),
  user: id.nullish(),
  conversation: z.union([id, z.object({ id })]).nullish(),
  previous_response_id: id.nullish(),
  store: z.boolean().nullish(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
  service_tier: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
});
