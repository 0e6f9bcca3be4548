import type { AgentResponse } from "@agentscope-runtime/agent-api";
import type { ChatChunkState, ChatDelta, ChatEvent, ChatUsage } from "./chat-chunk.ts";
import { toChatUsage, toFinishReason } from "./chat-end.ts";

/** The answer to a Chat Completions request that is not a stream. */
export interface ChatCompletion {
  readonly id: string;
  readonly object: "chat.completion";
  readonly created: number;
  readonly model: string;
  readonly choices: readonly unknown[];
  readonly usage?: ChatUsage;
}

/** What the chunks of a run add up to; `response` is its last event. */
export function toChatCompletion(
  events: readonly ChatEvent[],
  response: AgentResponse,
  { id, model }: ChatChunkState,
): ChatCompletion {
  const calls: { id: string; type: "function"; function: { name: string; arguments: string } }[] = [];
  const texts = { content: "", refusal: "", reasoning_content: "" };
  for (const delta of events.flatMap(deltasOf)) {
    texts.content += delta.content ?? "";
    texts.refusal += delta.refusal ?? "";
    texts.reasoning_content += delta.reasoning_content ?? "";
    for (const { index, id: callId = "", function: called } of delta.tool_calls ?? []) {
      const { name = "", arguments: text } = called;
      const call = calls[index];
      if (call !== undefined) call.function.arguments += text;
      else calls[index] = { id: callId, type: "function", function: { name, arguments: text } };
    }
  }
  const message = {
    role: "assistant",
    content: texts.content || (texts.refusal !== "" || calls.length > 0 ? null : ""),
    refusal: texts.refusal || null,
    ...(texts.reasoning_content === "" ? {} : { reasoning_content: texts.reasoning_content }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  const usage = toChatUsage(response.usage);
  const finish_reason = toFinishReason(response, calls.length > 0);
  return {
    id,
    object: "chat.completion",
    created: response.created_at,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason }],
    ...(usage === undefined ? {} : { usage }),
  };
}

function deltasOf(event: ChatEvent): readonly ChatDelta[] {
  return "choices" in event ? event.choices.map(({ delta }) => delta) : [];
}
