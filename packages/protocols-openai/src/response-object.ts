import type { AgentError, AgentResponse, Usage } from "@agentscope-runtime/agent-api";
import type { RequestSettings } from "@agentscope-runtime/core";
import type { Response, ResponseError, ResponseUsage } from "openai/resources/responses/responses";
import { z } from "zod";
import type { OpenAIEventState } from "./openai-event-state.ts";
import type { OutputItem } from "./output-item.ts";

/** A response as the OpenAI document and Open Responses have it: with the keys that either of them requires. */
export interface ResponseObject {
  readonly id: string;
  readonly status: "queued" | "in_progress" | "completed" | "incomplete" | "failed" | "cancelled";
  readonly output: readonly OutputItem[];
  readonly [key: string]: unknown;
}

/** What the responses of a run say again of its request, with OpenAI's defaults; runs of other protocols have some of it. */
export function toResponseEcho(request: RequestSettings, agent: string): Readonly<Record<string, unknown>> {
  const { max_tokens, tools, background, ...echo } = Echo.parse(request);
  return {
    ...echo,
    model: echo.model ?? agent,
    max_output_tokens: max_tokens,
    tools: tools.map(({ function: tool }) => ({ type: "function", ...tool })),
    background,
    access_programs: null,
  };
}

/** The response at an event of its run. */
export function toResponseObject(event: AgentResponse, { echo, items }: OpenAIEventState): ResponseObject {
  const status = statusOf(event);
  const response = {
    id: event.id,
    object: "response" as const,
    created_at: event.created_at,
    completed_at: status === "completed" ? event.completed_at : null,
    status,
    error: errorOf(event),
    incomplete_details: status === "incomplete" ? { reason: reasonOf(event) } : null,
    output: [...items],
    usage: event.usage === null ? null : toUsage(event.usage),
    ...echo,
  };
  return response satisfies Pick<
    Response,
    "id" | "object" | "created_at" | "error" | "incomplete_details" | "output"
  >;
}

function statusOf({ status, incomplete_details }: AgentResponse): ResponseObject["status"] {
  switch (status) {
    case "queued":
    case "completed":
    case "failed":
      return status;
    case "rejected":
      return "failed";
    case "canceled":
      return "cancelled";
    case "incomplete":
      // The turn is over: what the agent asks for is in its output, and the answer is the next turn.
      return WAITING.has(incomplete_details?.reason ?? "") ? "completed" : "incomplete";
    default:
      return "in_progress";
  }
}

const WAITING: ReadonlySet<string> = new Set(["input_required", "auth_required"]);

// There are two reasons only: what is not the filter's doing is a bound of some kind.
function reasonOf({ incomplete_details }: AgentResponse): "max_output_tokens" | "content_filter" {
  return incomplete_details?.reason === "content_filter" ? "content_filter" : "max_output_tokens";
}

function errorOf({ status, error }: AgentResponse): ResponseError | null {
  if (status === "rejected")
    return { code: "invalid_prompt", message: error?.message ?? "The agent rejects this request." };
  return error === null ? null : { code: errorCodeOf(error), message: error.message };
}

function errorCodeOf({ code }: AgentError): ResponseError["code"] {
  if (code === "MODEL_QUOTA_EXCEEDED" || code === "RATE_LIMIT_EXCEEDED") return "rate_limit_exceeded";
  return code === "MODEL_CONTEXT_LENGTH_EXCEEDED" ? "invalid_prompt" : "server_error";
}

function toUsage(usage: Usage): ResponseUsage {
  const input = count(usage.input_tokens);
  const output = count(usage.output_tokens);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: count(usage.cached_tokens), cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: count(usage.reasoning_tokens) },
    total_tokens: input + output,
  };
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : 0;
}

const record = z.record(z.string(), z.unknown());

// Whoever comes from another protocol may have used these names for something else.
const Echo = z.object({
  model: z.string().nullable().catch(null),
  instructions: z.string().nullable().catch(null),
  max_tokens: z.int().nullable().catch(null),
  temperature: z.number().catch(1),
  top_p: z.number().catch(1),
  presence_penalty: z.number().catch(0),
  frequency_penalty: z.number().catch(0),
  top_logprobs: z.int().catch(0),
  max_tool_calls: z.int().nullable().catch(null),
  tool_choice: z.union([z.string(), record]).catch("auto"),
  parallel_tool_calls: z.boolean().catch(true),
  tools: z
    .array(
      z.object({
        function: z.object({
          name: z.string(),
          description: z.string().nullable().catch(null),
          parameters: record.nullable().catch(null),
          strict: z.boolean().nullable().catch(null),
        }),
      }),
    )
    .catch([]),
  text: z.looseObject({ format: record.catch({ type: "text" }) }).catch({ format: { type: "text" } }),
  reasoning: z
    .looseObject({ effort: z.string().nullable().catch(null), summary: z.string().nullable().catch(null) })
    .catch({ effort: null, summary: null }),
  truncation: z.enum(["auto", "disabled"]).catch("disabled"),
  store: z.boolean().catch(true),
  background: z.boolean().catch(false),
  service_tier: z.string().catch("default"),
  metadata: z.record(z.string(), z.string()).catch({}),
  previous_response_id: z.string().nullable().catch(null),
  safety_identifier: z.string().nullable().catch(null),
  prompt_cache_key: z.string().nullable().catch(null),
  conversation: z.object({ id: z.string() }).optional().catch(undefined),
  user: z.string().optional().catch(undefined),
});
