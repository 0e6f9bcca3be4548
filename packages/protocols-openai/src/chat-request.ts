import { AgentRequest } from "@agentscope-runtime/agent-api";
import { z } from "zod";
import { assertFormatType } from "./answer-format.ts";
import { APPROVAL_TOOL, fromApprovalCallId } from "./chat-approval.ts";
import { ChatMessage } from "./chat-message.ts";
import { fromChatMessage } from "./from-chat-message.ts";
import { parameterError } from "./openai-error.ts";
import { parseParams, valueAt } from "./parse-params.ts";
import { toAgentMessages } from "./to-agent-messages.ts";

/** A Chat Completions request in the words of the Agent API. */
export interface ChatRequest {
  /** With all messages as its input. */
  readonly request: AgentRequest;
  /** What of the input follows the last message of the assistant. */
  readonly added: AgentRequest["input"];
  readonly user: string | undefined;
  readonly sessionId: string | undefined;
  /** The run whose requests for approval are answered by what was added. */
  readonly answeredRunId: string | undefined;
}

/** Reads the parameters of `POST /chat/completions`; throws `INVALID_PARAMETER` that says which one is wrong. */
export function toChatRequest(body: unknown): ChatRequest {
  const { messages, max_tokens, max_completion_tokens, tools, ...others } = parseParams(ChatParams, body);
  refuseUnsupported(body);
  assertFormatType(others.response_format, "response_format");
  const offered = tools?.filter(({ function: { name } }) => name !== APPROVAL_TOOL) ?? [];
  assertChosenTool(others.tool_choice, offered);
  const { response_format, verbosity, reasoning_effort, user, metadata } = others;
  const params = Object.fromEntries(
    Object.entries(others).filter(([, value]) => value !== undefined && value !== null),
  );
  const format = response_format ? { format: toFormat(response_format) } : {};
  const text = { ...format, ...(verbosity ? { verbosity } : {}) };
  const known = messages.findLastIndex(({ role }) => role === "assistant") + 1;
  const past = toInput(messages.slice(0, known));
  const request = AgentRequest.parse({
    stream: false,
    ...params,
    input: [...past, ...toInput(messages.slice(known))],
    max_tokens: max_completion_tokens ?? max_tokens ?? null,
    tools: offered.length === 0 ? null : offered,
    // As Responses has them, so that a handler needs to know one place only.
    ...(Object.keys(text).length === 0 ? {} : { text }),
    ...(reasoning_effort ? { reasoning: { effort: reasoning_effort } } : {}),
  });
  return {
    request,
    added: request.input.slice(past.length),
    user: user ?? undefined,
    sessionId: metadata?.session_id || undefined,
    answeredRunId: answeredRun(messages.slice(known)),
  };
}

function answeredRun(messages: readonly ChatMessage[]): string | undefined {
  const ids = messages.flatMap((message) =>
    message.role === "tool" ? (fromApprovalCallId(message.tool_call_id)?.runId ?? []) : [],
  );
  if (new Set(ids).size < 2) return ids[0];
  throw parameterError("messages", "invalid_value", "messages: the answers are to requests of several runs.");
}

function assertChosenTool(
  choice: z.output<typeof ToolChoice> | null | undefined,
  tools: readonly { readonly function: { readonly name: string } }[],
): void {
  if (typeof choice !== "object" || choice === null) return;
  const { name } = choice.function;
  if (tools.some(({ function: tool }) => tool.name === name)) return;
  const message = `Tool choice '${name.slice(0, 128)}' not found in 'tools' parameter.`;
  throw parameterError("tool_choice", "invalid_value", message);
}

function toInput(messages: readonly ChatMessage[]): ReturnType<typeof toAgentMessages> {
  return messages.flatMap(fromChatMessage).flatMap(toAgentMessages);
}

function toFormat({ json_schema, ...format }: Record<string, unknown>): Record<string, unknown> {
  return typeof json_schema === "object" ? { ...format, ...json_schema } : format;
}

function refuseUnsupported(body: unknown): void {
  for (const [param, isHarmless] of UNSUPPORTED) {
    const value = valueAt(body, [param]);
    if (value === undefined || value === null || value === false || isHarmless?.(value)) continue;
    throw parameterError(param, "unsupported_parameter", `${param} is not supported by this server.`);
  }
}

// What would change the answer must not be passed over; what can't be had otherwise may be.
const UNSUPPORTED: readonly (readonly [string, ((value: unknown) => boolean)?])[] = [
  ["n", (value) => value === 1],
  ["modalities", (value) => JSON.stringify(value) === '["text"]'],
  ["audio"],
  ["logprobs"],
  ["top_logprobs", (value) => value === 0],
  ["logit_bias", (value) => JSON.stringify(value) === "{}"],
  ["functions"],
  ["function_call"],
  ["web_search_options"],
  ["moderation"],
];

const record = z.record(z.string(), z.unknown());
const tokens = z.int().positive().nullish();

const ToolChoice = z.union(
  [
    z.enum(["none", "auto", "required"]),
    z.object({ type: z.literal("function"), function: z.object({ name: z.string() }) }),
  ],
  "has to be none, auto, required, or name a function",
);

const ChatParams = z.object({
  messages: z.array(ChatMessage).min(1),
  model: z.string().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  presence_penalty: z.number().nullish(),
  frequency_penalty: z.number().nullish(),
  max_tokens: tokens,
  max_completion_tokens: tokens,
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  seed: z.int().nullish(),
  tools: z
    .array(
      z.object({
        type: z.literal("function", "only function tools are supported"),
        function: z.object({
          name: z.string().min(1).max(128),
          description: z.string().nullish(),
          parameters: record.nullish(),
          strict: z.boolean().nullish(),
        }),
      }),
    )
    .nullish(),
  tool_choice: ToolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z.looseObject({ type: z.string(), json_schema: record.optional() }).nullish(),
  reasoning_effort: z.string().nullish(),
  verbosity: z.string().nullish(),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= 16, "may have 16 pairs at most")
    .nullish(),
  user: z.string().min(1).max(1024).nullish(),
  store: z.boolean().nullish(),
});
